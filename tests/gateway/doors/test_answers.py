"""Every answer says what may be done with it: nothing is kept, guessed, framed or told on."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from gateway.api import health
from gateway.console.guard import POLICY
from gateway.console.page import COOKIE
from gateway.identity import sessions, users
from gateway.identity.roles import Role
from gateway.tokens import Scope
from tests.gateway.api.doors import PARTNER, application, bearer, signature, token
from tests.gateway.doors.routes import Route, routes
from tests.world import World


@pytest.fixture(scope="module")
def client(app: FastAPI, world: World) -> Iterator[TestClient]:
    """Somebody with every right, at every door for tokens and people."""
    now = datetime.now(UTC)
    with world.house.database.write() as tx:
        user = users.create(tx, "all", set(Role), by="test", now=now)
        held = sessions.begin(tx, user, now=now)
    made = TestClient(
        app,
        base_url="https://testserver",
        raise_server_exceptions=False,
        follow_redirects=False,
        headers={
            **bearer(token(world.house, *Scope)),
            "Cookie": f"{COOKIE}={held}",
            "Sec-Fetch-Site": "same-origin",
        },
    )
    with made:  # one event loop for all calls
        yield made


def guarded(answer: Response) -> None:
    """What stands in every answer."""
    fields = answer.headers
    assert fields["x-content-type-options"] == "nosniff"
    # A schema may be kept by who asked, and is asked for again each time.
    assert fields["cache-control"] in {"no-store", "private, no-cache"}, answer.url
    policy = fields["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert fields["referrer-policy"] in {"no-referrer", "same-origin"}
    assert "server" not in fields
    assert "x-powered-by" not in fields
    assert "access-control-allow-origin" not in fields


def get(client: TestClient, world: World, route: Route) -> Response:
    headers = {}
    if route.room == "partner":
        headers = signature(world.partners[PARTNER].key, "GET", route.url())
    return client.get(route.url(), headers=headers)


@pytest.mark.slow
def test_every_answer_to_who_may_ask_is_guarded(client: TestClient, app: FastAPI, world: World):
    seen = set()
    for route in routes(app):
        if route.method == "GET":
            answer = get(client, world, route)
            guarded(answer)
            seen.add(answer.status_code)
    assert {200, 404} <= seen
    assert 500 not in seen


@pytest.mark.slow
def test_every_refusal_is_guarded(app: FastAPI):
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as nobody:
        for route in routes(app):
            content, kind = route.body()
            guarded(nobody.request(route.method, route.url(), content=content, headers=kind))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/nowhere"),
        ("GET", "/v1/nowhere"),
        ("GET", "/v1/source/nowhere"),
        ("GET", "/console/nowhere"),
        ("DELETE", "/health/live"),
        ("OPTIONS", "/v1/source/members"),
        ("PUT", "/console/"),
        ("GET", "/console/static/nowhere.css"),
        ("GET", "/console/static"),
        ("GET", "/v1/ops"),
    ],
)
def test_what_is_not_there_is_guarded_too(client: TestClient, method: str, path: str):
    answer = client.request(method, path)

    assert answer.status_code in {303, 307, 404, 405}
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "content-security-policy" in answer.headers


def test_a_fault_of_ours_is_guarded_too(world: World, monkeypatch: pytest.MonkeyPatch):
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("Invented Company Broken")

    monkeypatch.setattr(health.health, "checks", broken)
    broken_one = TestClient(application(world.house), raise_server_exceptions=False)
    answer = broken_one.get("/health/ready")

    assert (answer.status_code, answer.json()["code"]) == (500, "MRX-9999")
    guarded(answer)
    assert "Broken" not in answer.text


def test_pages_have_the_policy_of_pages(client: TestClient):
    assert client.get("/console/").headers["content-security-policy"] == POLICY


@pytest.mark.slow
def test_no_address_of_ours_holds_a_secret(client: TestClient, app: FastAPI):
    """Neither a parameter that could, nor a link or a redirect of any page."""
    secret = re.compile(r"(?i)token|password|secret|session|cookie|nonce")
    for route in routes(app):
        names = [one["name"] for one in route.told.get("parameters", []) if one["in"] != "header"]
        assert not [name for name in names if secret.search(name)], route
    held = client.headers["cookie"].partition("=")[2]
    bearers = client.headers["authorization"].split()[1]
    for route in routes(app):
        if route.room == "console" and route.method == "GET":
            answer = client.get(route.url())
            said = answer.text + str(answer.headers)
            assert held not in said
            assert bearers not in said
