"""Buckets by a clock of the test's own: what they let through, and what they keep."""

from types import SimpleNamespace
from typing import Any

import pytest

from gateway.api import rates
from gateway.api.rates import Rates
from gateway.api.turned_away import TurnedAway
from gateway.settings import Settings
from schemas.errors import BadRequest
from tests.gateway.doors.rationed import THERE


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
