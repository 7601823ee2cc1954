"""How often one credential may ask: bounded for each by itself, and nobody else pays for it."""

from datetime import UTC, datetime

import pytest
from fastapi import FastAPI
from httpx2 import Response

from gateway.app import build
from gateway.console.page import COOKIE
from gateway.identity import sessions, users
from gateway.identity.roles import Role
from gateway.settings import Settings
from gateway.tokens import Scope
from outbox.house import House
from signing.seal import seal
from tests.gateway.api.doors import bearer, signature, token
from tests.gateway.doors.rationed import AGREEMENT, FEW, PAGE, THERE, at, limited, server, statuses
from tests.gateway.metrics.told import read
from tests.world import World


@pytest.mark.parametrize(
    ("scope", "path"),
    [
        (Scope.READ, "/v1/source/outcomes"),
        (Scope.VIEWER, "/v1/ops/overview"),
        (Scope.VIEWER, "/metrics"),
    ],
)
def test_a_token_that_asks_too_often_waits_and_another_does_not(
    house: House, strict: FastAPI, scope: Scope, path: str
):
    one, other = bearer(token(house, scope)), bearer(token(house, scope))
    client = at(strict)

    answers = [client.get(path, headers=one) for _ in range(FEW + 2)]

    assert statuses(answers) == [200] * FEW + [429] * 2
    limited(answers[-1])
    assert client.get(path, headers=other).status_code == 200


def test_a_token_s_doors_share_its_bucket(house: House, strict: FastAPI):
    both = bearer(token(house, Scope.READ, Scope.VIEWER))
    client = at(strict)

    for _ in range(FEW):
        assert client.get("/v1/source/outcomes", headers=both).status_code == 200

    limited(client.get("/v1/ops/overview", headers=both))


def test_a_certificate_that_signs_too_often_waits(small_world: World, strict: FastAPI):
    key, client = small_world.partners["mx-neec"].key, at(strict)

    answers = [
        client.get(AGREEMENT, headers=signature(key, "GET", AGREEMENT)) for _ in range(FEW + 1)
    ]

    assert statuses(answers) == [200] * FEW + [429]
    limited(answers[-1])


def test_a_signature_sent_again_by_somebody_else_uses_up_nothing(small_world: World):
    key = small_world.partners["mx-neec"].key
    app = server(small_world.house, wrong_credentials_per_minute=1_000)
    signed = signature(key, "GET", AGREEMENT)
    assert at(app).get(AGREEMENT, headers=signed).status_code == 200

    replayed = [at(app, THERE).get(AGREEMENT, headers=signed) for _ in range(2 * FEW)]

    assert statuses(replayed) == [401] * 2 * FEW
    assert at(app).get(AGREEMENT, headers=signature(key, "GET", AGREEMENT)).status_code == 200


def test_files_count_for_the_certificate_they_are_signed_under(small_world: World):
    key = small_world.partners["mx-neec"].key
    app = server(small_world.house, wrong_credentials_per_minute=1_000)
    client, url = at(app), "/v1/partner/echo"
    file = seal(b"invented", key, datetime.now(UTC))
    broken = file[:-1] + bytes([file[-1] ^ 1])

    wrong = [client.post(url, content=broken) for _ in range(2 * FEW)]
    right = [client.post(url, content=file) for _ in range(FEW + 1)]

    assert statuses(wrong) == [403] * 2 * FEW
    assert statuses(right) == [200] * FEW + [429]
    limited(right[-1])


def test_a_person_who_asks_too_often_waits_in_all_browsers_and_nobody_else_does(
    house: House, strict: FastAPI
):
    now = datetime.now(UTC)
    with house.database.write() as tx:
        vera, ana = (
            users.create(tx, name, {Role.VIEWER}, by="test", now=now) for name in ("vera", "ana")
        )
        first, second, others = (sessions.begin(tx, who, now=now) for who in (vera, vera, ana))

    def page(held: str) -> Response:
        return at(strict).get(PAGE, headers={"Cookie": f"{COOKIE}={held}"})

    answers = [page(one) for one in (first, second, first, second)]

    assert statuses(answers) == [200] * FEW + [429]
    limited(answers[-1])
    assert answers[-1].headers["content-type"].startswith("text/html")
    assert page(others).status_code == 200


def test_what_was_refused_is_counted_by_its_reason(house: House, strict: FastAPI):
    one, seer = bearer(token(house, Scope.READ)), bearer(token(house, Scope.VIEWER))
    client = at(strict)
    for _ in range(FEW + 2):
        client.get("/v1/source/outcomes", headers=one)

    told = read(client.get("/metrics", headers=seer).text)

    assert told("mrx_turned_away_total", why="token") == 2
    assert told("mrx_turned_away_total", why="partner") == 0


def test_the_defaults_let_a_bulk_client_through(house: House):
    """Some hundreds of requests a second by one token, for a while."""
    app = build(house, Settings(home=house.folder))
    limits = app.state.context.rates
    limits._clock = lambda: clock[0]
    clock = [0.0]
    for n in range(20_000):
        clock[0] = n / 400
        limits.demand("token", "bulk")
        limits.count("token", "bulk")
