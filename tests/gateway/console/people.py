"""People at the console, signed in, for tests."""

from collections.abc import Collection
from datetime import UTC, datetime

from fastapi.testclient import TestClient

from gateway.app import build
from gateway.console.page import COOKIE
from gateway.identity import sessions, users
from gateway.identity.roles import Role
from gateway.settings import Settings
from outbox.house import House

ORIGIN = "https://testserver"


def at_console(house: House, name: str, roles: Collection[Role], **settings: object) -> TestClient:
    """A browser in which this person is signed in; made a user if there is none of the name."""
    now = datetime.now(UTC)
    with house.database.write() as tx:
        known = {user.name: user for user in users.every(tx)}
        user = known.get(name) or users.create(tx, name, roles, by="the test", now=now)
        held = sessions.begin(tx, user, now=now)
    client = nobody(house, **settings)
    client.cookies.set(COOKIE, held)
    return client


def nobody(house: House, **settings: object) -> TestClient:
    """A browser in which nobody is signed in."""
    app = build(house, Settings(home=house.folder, **settings))
    headers = {"Sec-Fetch-Site": "same-origin"}
    return TestClient(app, base_url=ORIGIN, headers=headers, follow_redirects=False)
