"""Somebody with a password, at the console, for tests."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import orjson
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from gateway.console.page import COOKIE
from gateway.identity import passwords, sessions, users
from gateway.identity.roles import Role
from gateway.identity.users import User
from outbox.house import House
from schemas.tables import ledger
from schemas.tables import sessions as sessions_
from tests.gateway.console.people import nobody

GOOD = "correct horse 12"
ANOTHER = "battery staple 34"
_numbers = count(1)


def name() -> str:
    """A name that nobody has."""
    return f"person{next(_numbers)}"


def person(house: House, *, one_time: bool = False) -> User:
    """Somebody new, whose password is `GOOD`."""
    now = datetime.now(UTC)
    with house.database.write() as tx:
        user = users.create(tx, name(), {Role.VIEWER}, by="test", now=now, password=GOOD)
        if not one_time:
            users.set_password(tx, user, passwords.kept(GOOD), now=now)
        return users.get(tx, user.id)


def sign_in(client: TestClient, user: User, password: str = GOOD, **more: str) -> Any:
    return client.post("/console/login", data={"name": user.name, "password": password, **more})


def signed_in(house: House, user: User) -> TestClient:
    client = nobody(house)
    assert sign_in(client, user).status_code == 303
    return client


def entries(house: House, kind: str, user: User) -> list[dict[str, Any]]:
    with house.database.read() as tx:
        rows = tx.execute(select(ledger).where(ledger.c.kind == kind)).all()
    found = [orjson.loads(row.entry) for row in rows]
    return [entry for entry in found if user.name in entry.values()]


def digest(client: TestClient) -> str:
    return sessions._digest(client.cookies[COOKIE])


def age(house: House, client: TestClient, **ago: timedelta) -> None:
    """Make this session older."""
    now = datetime.now(UTC)
    with house.database.write() as tx:
        here = sessions_.c.digest == digest(client)
        tx.execute(update(sessions_).where(here).values({k: now - v for k, v in ago.items()}))


def idle(house: House, client: TestClient) -> timedelta:
    with house.database.read() as tx:
        row = tx.execute(select(sessions_).where(sessions_.c.digest == digest(client))).one()
    return datetime.now(UTC) - row.seen_at
