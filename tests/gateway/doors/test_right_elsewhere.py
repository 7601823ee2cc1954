"""Every route, with a credential that is right, from where or for what it does not count."""

import re
from collections.abc import Callable, Iterator, Mapping

import pytest
from fastapi.testclient import TestClient

from gateway.api.operators.acting import ROLES
from gateway.identity.roles import Role
from gateway.tokens import Scope
from tests.gateway.api.doors import token
from tests.gateway.doors.calls import QUICK, Headers, call, cookie, held, refused, said
from tests.gateway.doors.routes import Route
from tests.gateway.doors.tables import changed, kinds, last, tables_of
from tests.world import World

LEDGER = {"ledger", "ledger_head"}
SOURCE = [scope for scope in Scope if scope not in ROLES]
OWN = (
    *("POST /console/logout", "POST /console/prove", "POST /console/preferences"),
    *("POST /console/account/password", "POST /console/account/sign-out-everywhere"),
)
"""What everybody who is signed in does for themselves."""


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
    """At one route in four: it is one piece of code for all of them."""
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
