"""Every route there is, with every wrong credential: refused as designed, and nothing has changed.

The routes are those of the application itself. What asks for no credential stands in `OPEN`, each
with its reason, and nothing else does.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from gateway import tokens
from gateway.api.operators.acting import ROLES
from gateway.console.page import COOKIE
from gateway.identity import sessions, users
from gateway.identity.roles import Role
from gateway.tokens import Scope
from outbox.house import House
from tests.conftest import connected_world
from tests.gateway.api.doors import OTHER, PARTNER, application, bearer, signature, token
from tests.gateway.doors.routes import OPEN, Route, routes
from tests.gateway.doors.tables import changed, kinds, last, tables_of
from tests.world import World, member

QUICK = bool(os.environ.get("MRX_QUICK"))
Headers = list[tuple[str, str]]

LEDGER = {"ledger", "ledger_head"}
SOURCE = [scope for scope in Scope if scope not in ROLES]
OWN = (
    *("POST /console/logout", "POST /console/prove", "POST /console/preferences"),
    *("POST /console/account/password", "POST /console/account/sign-out-everywhere"),
)
"""What everybody who is signed in does for themselves."""
SAME = ("Sec-Fetch-Site", "same-origin")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, key_files: dict[str, Path]) -> World:
    """One member that Mexico has been told of; two partners."""
    world = connected_world(tmp_path_factory.mktemp("world"), key_files, (PARTNER, OTHER))
    world.push(member("10000001"))
    world.grant("10000001", to=[PARTNER])
    world.deliver()
    return world


@pytest.fixture(scope="module")
def house(world: World) -> House:
    return world.house


@pytest.fixture(scope="module")
def app(house: House) -> FastAPI:
    return application(house)


@pytest.fixture(scope="module")
def client(app: FastAPI) -> Iterator[TestClient]:
    """With one event loop for all calls: there are thousands."""
    made = TestClient(
        app, base_url="https://testserver", raise_server_exceptions=False, follow_redirects=False
    )
    with made:
        yield made


@pytest.fixture(scope="module")
def every(app: FastAPI) -> list[Route]:
    """Those that ask for a credential; in the quick run one in four."""
    asking = [route for route in routes(app) if str(route) not in OPEN]
    return asking[::4] if QUICK else asking


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


RIGHT_ELSEWHERE: Mapping[str, tuple[set[str], Callable[[World], Headers]]] = {
    "a source's token": ({"source"}, lambda world: said(token(world.house, *SOURCE))),
    "an operators' token": ({"ops", ""}, lambda world: said(token(world.house, *ROLES))),
    "a token and a session": ({"source", "ops", "", "console"}, lambda _: []),
    "an administrator's session": (
        {"console"},
        lambda world: cookie(held(world.house, "all", set(Role))),
    ),
}


@pytest.mark.parametrize("whose", [name for name in RIGHT_ELSEWHERE if "and" not in name])
def test_a_credential_that_is_right_at_one_door_opens_no_other(
    client: TestClient, world: World, every: list[Route], whose: str
):
    at_home, made = RIGHT_ELSEWHERE[whose]
    headers = made(world)
    before = tables_of(world.house)

    for route in every:
        if route.room not in at_home:
            refused(route, call(client, route, headers))

    assert changed(before, tables_of(world.house)) == set()


def test_a_session_adds_nothing_to_a_token_nor_a_token_to_a_session(
    client: TestClient, world: World, every: list[Route]
):
    """Both at once: each door looks at its own alone."""
    everyones = cookie(held(world.house, "all", set(Role)))
    weak = said(token(world.house, Scope.LOOKUP))[:1]
    nobody = cookie("garbage") + said(token(world.house, *Scope))[:1]
    for route in every:
        if route.room == "console":
            refused(route, call(client, route, nobody))
        elif "lookup" not in route.path and "recognised" not in route.path:
            refused(route, call(client, route, everyones + weak))


def test_a_viewer_acts_nowhere(client: TestClient, world: World, every: list[Route]):
    headers = cookie(held(world.house, "vera", {Role.VIEWER}))
    call(client, every[0], headers)
    before, position = tables_of(world.house), last(world.house)
    acting = [
        route
        for route in every
        if route.room == "console" and route.method != "GET" and str(route) not in OWN
    ]

    other = {}
    for route in acting:
        answer = call(client, route, headers)
        if answer.status_code != 403:
            other[str(route)] = (answer.status_code, re.findall(r"MRX-\d{4}", answer.text))
    assert not other

    assert len(acting) > (8 if QUICK else 30)
    assert changed(before, tables_of(world.house)) <= LEDGER
    assert kinds(world.house, after=position) <= {"act refused"}


ELSEWHERE: Mapping[str, Headers] = {
    "another site": [("Sec-Fetch-Site", "cross-site")],
    "another host of the site": [("Sec-Fetch-Site", "same-site")],
    "no page at all": [("Sec-Fetch-Site", "none")],
    "nothing said": [],
    "another origin": [("Origin", "https://elsewhere.example")],
    "an origin that hides": [("Origin", "null")],
    "our name in another's": [("Origin", "https://testserver.elsewhere.example")],
    "our name without a scheme": [("Origin", "testserver")],
    "a good origin and another site": [
        ("Origin", "https://testserver"),
        ("Sec-Fetch-Site", "cross-site"),
    ],
}


@pytest.mark.parametrize("where", ELSEWHERE)
def test_a_form_from_elsewhere_counts_nowhere(
    client: TestClient, world: World, every: list[Route], where: str
):
    """There is no token in the forms: the browser itself says where one comes from."""
    headers = [*cookie(held(world.house, "all", set(Role)))[:1], *ELSEWHERE[where]]
    before = tables_of(world.house)

    for route in every:
        if route.room == "console" and route.method != "GET":
            answer = call(client, route, headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "MRX-7018"), str(route)

    assert changed(before, tables_of(world.house)) == set()


def unknown_methods() -> Iterator[str]:
    yield from ("HEAD", "TRACE", "PROPFIND", "BREW")


def test_no_method_that_is_not_in_the_table_does_anything(
    client: TestClient, world: World, every: list[Route]
):
    headers = [
        *cookie(held(world.house, "all", set(Role))),
        *said(token(world.house, *Scope))[:1],
    ]
    before = tables_of(world.house)
    for route in every[:: 4 if not QUICK else 2]:
        for method in unknown_methods():
            answer = client.request(method, route.url(), headers=headers)
            assert answer.status_code in {404, 405}, (method, str(route), answer.status_code)
    assert changed(before, tables_of(world.house)) <= {"sessions"}
