"""How often one may ask, and guess: bounded for each by itself, and nobody else pays for it."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from gateway.api import rates
from gateway.api.rates import Rates
from gateway.api.turned_away import TurnedAway
from gateway.app import build
from gateway.console.page import COOKIE
from gateway.identity import sessions, users
from gateway.identity.roles import Role
from gateway.settings import Settings
from gateway.tokens import Scope
from outbox.house import House
from schemas.errors import BadRequest
from signing.seal import seal
from tests.gateway.api.doors import bearer, signature, token
from tests.gateway.metrics.told import read
from tests.world import World

HERE, THERE, PROXY = "192.0.2.10", "203.0.113.66", "10.0.0.7"
MEMBERS, AGREEMENT = "/v1/source/members/10000001", "/v1/partner/agreement"
PAGE = "/console/account"
FEW = 3
SETTINGS = {
    "requests_per_second": FEW / rates.BURST_SECONDS,
    "session_requests_per_second": FEW / rates.BURST_SECONDS,
    "wrong_credentials_per_minute": FEW,
}


@pytest.fixture
def house(small_world: World) -> House:
    return small_world.house


def server(house: House, **settings: Any) -> FastAPI:
    return build(house, Settings(home=house.folder, **{**SETTINGS, **settings}))


@pytest.fixture
def app(house: House) -> FastAPI:
    return server(house)


def at(app: FastAPI, address: str = HERE, **fields: str) -> TestClient:
    return TestClient(
        app,
        base_url="https://testserver",
        client=(address, 50_000),
        headers={"Sec-Fetch-Site": "same-origin", **fields},
        follow_redirects=False,
    )


def limited(answer: Response, code: str = "MRX-7034") -> None:
    assert answer.status_code == 429
    assert code in answer.text
    assert int(answer.headers["retry-after"]) >= 1


def statuses(answers: list[Response]) -> list[int]:
    return [answer.status_code for answer in answers]


# -- a credential ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scope", "path"),
    [
        (Scope.READ, "/v1/source/outcomes"),
        (Scope.VIEWER, "/v1/ops/overview"),
        (Scope.VIEWER, "/metrics"),
    ],
)
def test_a_token_that_asks_too_often_waits_and_another_does_not(
    house: House, app: FastAPI, scope: Scope, path: str
):
    one, other = bearer(token(house, scope)), bearer(token(house, scope))
    client = at(app)

    answers = [client.get(path, headers=one) for _ in range(FEW + 2)]

    assert statuses(answers) == [200] * FEW + [429] * 2
    limited(answers[-1])
    assert client.get(path, headers=other).status_code == 200


def test_a_token_s_doors_share_its_bucket(house: House, app: FastAPI):
    both = bearer(token(house, Scope.READ, Scope.VIEWER))
    client = at(app)

    for _ in range(FEW):
        assert client.get("/v1/source/outcomes", headers=both).status_code == 200

    limited(client.get("/v1/ops/overview", headers=both))


def test_a_certificate_that_signs_too_often_waits(small_world: World, app: FastAPI):
    key, client = small_world.partners["mx-neec"].key, at(app)

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
    house: House, app: FastAPI
):
    now = datetime.now(UTC)
    with house.database.write() as tx:
        vera, ana = (
            users.create(tx, name, {Role.VIEWER}, by="test", now=now) for name in ("vera", "ana")
        )
        first, second, others = (sessions.begin(tx, who, now=now) for who in (vera, vera, ana))

    def page(held: str) -> Response:
        return at(app).get(PAGE, headers={"Cookie": f"{COOKIE}={held}"})

    answers = [page(one) for one in (first, second, first, second)]

    assert statuses(answers) == [200] * FEW + [429]
    limited(answers[-1])
    assert answers[-1].headers["content-type"].startswith("text/html")
    assert page(others).status_code == 200


def test_what_was_refused_is_counted_by_its_reason(house: House, app: FastAPI):
    one, seer = bearer(token(house, Scope.READ)), bearer(token(house, Scope.VIEWER))
    client = at(app)
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


# -- guesses ---------------------------------------------------------------------------------------


def guesses(client: TestClient, times: int = FEW) -> list[Response]:
    wrong = bearer(f"mrx_{'0' * 12}_{'A' * 43}")
    return [client.get("/v1/source/outcomes", headers=wrong) for _ in range(times)]


def test_an_address_that_guesses_waits_and_no_other_does(house: House, app: FastAPI):
    good = bearer(token(house, Scope.READ))

    answers = guesses(at(app, THERE), FEW + 1)

    assert statuses(answers) == [401] * FEW + [429]
    limited(answers[-1], "MRX-7035")
    assert at(app, HERE).get("/v1/source/outcomes", headers=good).status_code == 200
    assert guesses(at(app, HERE), 1)[0].status_code == 401


def test_who_brings_nothing_does_not_guess(app: FastAPI):
    client = at(app)
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


# -- buckets ---------------------------------------------------------------------------------------


class Clocked:
    """The limits by a clock of the test's own."""

    def __init__(self, **settings: Any) -> None:
        self.now = 0.0
        self.rates = Rates(Settings(**settings), TurnedAway(), lambda: self.now)

    def asks(self, whose: str = "one") -> int:
        """0, or how long to wait."""
        try:
            self.rates.demand("token", whose)
        except BadRequest as refused:
            return int(str(refused.facts["seconds"]))
        self.rates.count("token", whose)
        return 0


def test_a_bucket_fills_evenly_and_says_when():
    clock = Clocked(requests_per_second=0.5)  # 5 at once, one in two seconds

    assert [clock.asks() for _ in range(7)] == [0, 0, 0, 0, 0, 2, 2]
    clock.now = 1.0
    assert clock.asks() == 1
    clock.now = 2.0
    assert [clock.asks(), clock.asks()] == [0, 2]
    clock.now = 1_000.0
    assert [clock.asks() for _ in range(6)] == [0] * 5 + [2]


def test_waiting_as_long_as_told_is_enough():
    clock = Clocked(requests_per_second=0.3)
    for _ in range(20):
        clock.now += clock.asks()
        assert clock.asks() in {0, 4}


def test_who_asks_while_they_wait_waits_no_longer_for_it():
    clock = Clocked(requests_per_second=0.1)
    waits = [clock.asks() for _ in range(50)]

    assert waits == [0] + [10] * 49


def test_however_many_come_no_more_is_kept_than_a_bound(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rates, "_KEPT_MAX", 100)
    clock = Clocked()
    for n in range(1_000):
        clock.asks(f"token {n}")
        asked: Any = SimpleNamespace(
            client=SimpleNamespace(host=f"198.51.{n // 250}.{n % 250}"), headers={}
        )
        clock.rates.wrong(asked)

    assert len(clock.rates._buckets["token"]) == 100
    assert len(clock.rates._guesses) == 100


def test_an_address_that_has_paid_is_forgotten():
    clock = Clocked(wrong_credentials_per_minute=6)
    asked: Any = SimpleNamespace(client=SimpleNamespace(host=THERE), headers={})
    for _ in range(6):
        clock.rates.look(asked, None)
        clock.rates.wrong(asked)
    with pytest.raises(BadRequest, match="MRX-7035"):
        clock.rates.look(asked, None)

    clock.now = 61.0
    clock.rates.look(asked, None)

    assert len(clock.rates._guesses) == 0


def test_what_is_remembered_of_a_credential_is_no_credential():
    text = "mrx_000000000000_secret"

    assert text not in rates.claim("token", text)
    assert rates.claim("token", text) != rates.claim("session", text)
