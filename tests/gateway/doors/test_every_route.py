"""Every route there is, with every wrong credential: refused as designed, and nothing has changed.

The routes are those of the application itself. What asks for no credential stands in `OPEN`, each
with its reason, and nothing else does.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from gateway import tokens
from gateway.identity import sessions, users
from gateway.identity.roles import Role
from gateway.tokens import Scope
from outbox.house import House
from tests.gateway.api.doors import PARTNER, signature, token
from tests.gateway.doors.calls import SAME, Headers, call, cookie, held, refused, said
from tests.gateway.doors.routes import OPEN, Route, routes
from tests.gateway.doors.tables import changed, tables_of
from tests.world import World


@pytest.mark.slow
def test_all_doors_and_pages_are_in_the_table(app: FastAPI):
    found = routes(app)

    assert {route.room for route in found} == {"source", "partner", "ops", "console", ""}
    assert len(found) > 200
    assert {str(route) for route in found} >= OPEN.keys()


def test_what_is_open_is_open_and_says_nothing_of_a_company(client: TestClient, app: FastAPI):
    for route in routes(app):
        if str(route) in OPEN:
            answer = call(client, route, [])
            assert answer.status_code in {200, 401, 403, 404, 503}, route
            assert "Invented Company" not in answer.text


@pytest.mark.parametrize("door", ["source", "partner", "ops"])
def test_a_door_s_description_is_open_and_holds_no_data(client: TestClient, door: str):
    answer = client.get(f"/v1/{door}/openapi.json")

    assert answer.status_code == 200
    assert "Invented Company" not in answer.text


# -- wrong credentials -----------------------------------------------------------------------------


def revoked(house: House) -> str:
    text = token(house, *Scope)
    with house.database.write() as tx:
        tokens.revoke(tx, text.split("_")[1], by="test", now=datetime.now(UTC))
    return text


def ended(house: House) -> str:
    text = held(house, "ended", set(Role))
    with house.database.write() as tx:
        sessions.end(tx, text)
    return text


def disabled(house: House) -> str:
    """A session that is still in the table, of a user who was disabled beside it."""
    text = held(house, "disabled", set(Role))
    with house.database.write() as tx:
        users._set(tx, users.named(tx, "disabled"), disabled_at=datetime.now(UTC), disabled_by="x")
    return text


def stale(house: House) -> str:
    """A session nobody has used for an hour."""
    now = datetime.now(UTC) - timedelta(hours=1)
    with house.database.write() as tx:
        user = users.create(tx, "stale", set(Role), by="test", now=now)
        return sessions.begin(tx, user, now=now)


WRONG: Mapping[str, Callable[[World], Headers]] = {
    "nothing": lambda _: [SAME],
    "an empty token": lambda _: said(""),
    "garbage": lambda _: said("garbage"),
    "garbage in other letters": lambda _: [("Authorization", "Bearer \xff\xfe"), SAME],
    "a token's shape": lambda _: said(f"mrx_{'0' * 12}_{'A' * 43}"),
    "an expired token": lambda world: said(
        token(world.house, *Scope, expires_at=datetime.now(UTC) - timedelta(seconds=1))
    ),
    "a revoked token": lambda world: said(revoked(world.house)),
    "another gateway's token": lambda world: said(token(world.partners[PARTNER], *Scope)),
    "a good token twice": lambda world: said(good := token(world.house, *Scope)) + said(good)[:1],
    "a good token and a bad one": lambda world: said(token(world.house, *Scope)) + said("bad")[:1],
    "a bad token and a good one": lambda world: said("bad") + said(token(world.house, *Scope))[:1],
    "a good token as Basic": lambda world: [
        ("Authorization", f"Basic {token(world.house, *Scope)}"),
        SAME,
    ],
    "a garbage session": lambda _: cookie("garbage"),
    "a session that ended": lambda world: cookie(ended(world.house)),
    "a session nobody used": lambda world: cookie(stale(world.house)),
    "a disabled user's session": lambda world: cookie(disabled(world.house)),
    "a token as a session": lambda world: cookie(token(world.house, *Scope)),
    "a session as a token": lambda world: said(held(world.house, "all", set(Role))),
    "a signature of another request": lambda world: [
        *signature(world.partners[PARTNER].key, "GET", "/v1/elsewhere").items(),
        SAME,
    ],
    "a certificate in a field": lambda world: [
        ("Client-Cert", f":{'A' * 400}:"),
        ("X-SSL-Client-Cert", world.partners[PARTNER].key.certificate.pem.replace("\n", " ")),
        SAME,
    ],
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_credential_opens_nothing_and_changes_nothing(
    client: TestClient, world: World, every: list[Route], wrong: str
):
    headers = WRONG[wrong](world)
    before = tables_of(world.house)

    for route in every:
        refused(route, call(client, route, headers))

    assert changed(before, tables_of(world.house)) == set()
