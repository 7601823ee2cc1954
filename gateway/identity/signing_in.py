"""Signing in with a password that is kept here."""

from datetime import datetime

from sqlalchemy import select, update

from gateway.identity import passwords, sessions, users
from outbox import ledger
from outbox.house import House
from schemas.errors import BadRequest
from schemas.tables import users as users_


def by_password(house: House, name: str, password: str, *, now: datetime) -> str:
    """What the cookie of a new session holds. Raises `BadRequest` MRX-7019 for a wrong name or
    password, MRX-7020 after five wrong ones; both stand in the ledger if the name exists.
    """
    with house.database.read() as tx:
        row = tx.execute(select(users_).where(users_.c.name == name)).one_or_none()
    if row is not None and row.locked_until is not None and row.locked_until > now:
        raise BadRequest("MRX-7020")
    right = passwords.holds(password, None if row is None else row.password)
    if row is None or row.disabled_at is not None:
        raise BadRequest("MRX-7019")
    here = users_.c.id == row.id
    with house.database.write() as tx:
        if right:
            tx.execute(update(users_).where(here).values(failures=0, locked_until=None))
            ledger.add(tx, "signed in", {"by": name}, now=now)
            return sessions.begin(tx, users.get(tx, row.id), now=now)
        failed = row.failures + 1
        until = now + users.LOCKED_FOR if failed >= users.FAILURES_MAX else None
        tx.execute(update(users_).where(here).values(failures=failed, locked_until=until))
        ledger.add(tx, "sign-in refused", {"user": name, "locked": until is not None}, now=now)
    raise BadRequest("MRX-7019")
