"""How often one address may guess: bounded, and nobody else pays for it."""

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from gateway.api import rates
from gateway.console.page import COOKIE
from gateway.tokens import Scope
from outbox.house import House
from tests.gateway.api.doors import bearer, signature, token
from tests.gateway.doors.rationed import (
    AGREEMENT,
    FEW,
    HERE,
    PAGE,
    PROXY,
    THERE,
    at,
    limited,
    server,
    statuses,
)
from tests.world import World


def guesses(client: TestClient, times: int = FEW) -> list[Response]:
    wrong = bearer(f"mrx_{'0' * 12}_{'A' * 43}")
    return [client.get("/v1/source/outcomes", headers=wrong) for _ in range(times)]


def test_an_address_that_guesses_waits_and_no_other_does(house: House, strict: FastAPI):
    good = bearer(token(house, Scope.READ))

    answers = guesses(at(strict, THERE), FEW + 1)

    assert statuses(answers) == [401] * FEW + [429]
    limited(answers[-1], "MRX-7035")
    assert at(strict, HERE).get("/v1/source/outcomes", headers=good).status_code == 200
    assert guesses(at(strict, HERE), 1)[0].status_code == 401


def test_who_brings_nothing_does_not_guess(strict: FastAPI):
    client = at(strict)
    for path in ("/v1/source/outcomes", "/metrics", AGREEMENT):
        assert statuses([client.get(path) for _ in range(2 * FEW)]) == [401] * 2 * FEW
    assert client.get("/console/").status_code == 303


@pytest.mark.parametrize("door", ["signature", "file", "session", "password"])
def test_every_kind_of_guess_counts(small_world: World, house: House, door: str):
    app = server(house)
    client, key = at(app, THERE), small_world.house.key
    form = {"name": "nobody", "password": "a guess"}

    def guess() -> Response:
        match door:
            case "signature":
                return client.get(AGREEMENT, headers=signature(key, "GET", AGREEMENT))
            case "file":
                return client.post("/v1/partner/batches", content=b"no file")
            case "session":
                return client.get(PAGE, headers={"Cookie": f"{COOKIE}=guess"})
            case _:
                return client.post("/console/login", data=form)

    answers = [guess() for _ in range(FEW + 1)]

    limited(answers[-1], "MRX-7035")
    limited(guesses(client, 1)[0], "MRX-7035")


def test_a_wrong_password_is_worth_several_other_guesses(house: House):
    app = server(house, wrong_credentials_per_minute=2 * rates.SIGN_IN)
    form = {"name": "nobody", "password": "a guess"}

    answers = [at(app, THERE).post("/console/login", data=form) for _ in range(3)]

    assert statuses(answers) == [401, 401, 429]


def test_who_was_known_lately_is_heard_from_where_others_guess(small_world: World, house: House):
    """One proxy, whom nobody has named, with strangers and partners behind it."""
    app = server(house, requests_per_second=1_000)
    client, key = at(app, PROXY), small_world.partners["mx-neec"].key
    good, new = bearer(token(house, Scope.READ)), bearer(token(house, Scope.READ))
    client.get("/v1/source/outcomes", headers=good)
    client.get(AGREEMENT, headers=signature(key, "GET", AGREEMENT))

    guesses(client, FEW)

    assert client.get("/v1/source/outcomes", headers=good).status_code == 200
    assert client.get(AGREEMENT, headers=signature(key, "GET", AGREEMENT)).status_code == 200
    limited(client.get("/v1/source/outcomes", headers=new), "MRX-7035")


def test_behind_a_proxy_that_is_named_each_is_counted_for_themselves(house: House):
    app = server(house, proxy_addresses=PROXY)
    good = bearer(token(house, Scope.READ))

    guesses(at(app, PROXY, **{"X-Forwarded-For": THERE}), FEW)

    limited(guesses(at(app, PROXY, **{"X-Forwarded-For": f"6.6.6.6, {THERE}"}), 1)[0], "MRX-7035")
    honest = at(app, PROXY, **{"X-Forwarded-For": HERE})
    assert honest.get("/v1/source/outcomes", headers=good).status_code == 200
