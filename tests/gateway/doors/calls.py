"""A call of any route with any headers, and credentials to call it with."""

import os
from datetime import UTC, datetime

from fastapi.testclient import TestClient
from httpx2 import Response

from gateway.console.page import COOKIE
from gateway.identity import sessions, users
from gateway.identity.roles import Role
from outbox.house import House
from tests.gateway.api.doors import bearer
from tests.gateway.doors.routes import Route

QUICK = bool(os.environ.get("MRX_QUICK"))
Headers = list[tuple[str, str]]
SAME = ("Sec-Fetch-Site", "same-origin")


def call(client: TestClient, route: Route, headers: Headers) -> Response:
    content, kind = route.body()
    # No cookie jar: what a call brings is what stands here.
    client.cookies.clear()
    return client.request(
        route.method,
        route.url(),
        content=content,
        headers=[(k, v.encode("latin-1")) for k, v in [*kind.items(), *headers]],
    )


def held(house: House, name: str, roles: set[Role]) -> str:
    """What the cookie of a session of this person holds."""
    now = datetime.now(UTC)
    with house.database.write() as tx:
        known = {user.name: user for user in users.every(tx)}
        user = known.get(name) or users.create(tx, name, roles, by="test", now=now)
        return sessions.begin(tx, user, now=now)


def cookie(text: str) -> Headers:
    return [("Cookie", f"{COOKIE}={text}"), SAME]


def said(text: str) -> Headers:
    return [*bearer(text).items(), SAME]


def refused(route: Route, answer: Response) -> None:
    """401 or 403 as a problem; at the console the way to the sign-in page."""
    assert "Invented Company" not in answer.text
    if route.room == "console":
        assert answer.status_code == 303, (str(route), answer.status_code)
        assert answer.headers["location"].startswith("/console/login")
    else:
        # A sealed file is its own credential, and none of it came.
        assert answer.status_code in {401, 403}, (str(route), answer.status_code)
        assert answer.headers["content-type"] == "application/problem+json"
