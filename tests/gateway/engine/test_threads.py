"""The embedded engine: woken by the bell, and by a look where nobody rang."""

import time

import pytest

from gateway import home
from gateway.engine import threads
from gateway.engine.threads import Threads
from tests import world
from tests.gateway.engine.cluster import until
from tests.world import World, member


@pytest.mark.parametrize("who", ["the bell", "a look"])
def test_what_becomes_due_leaves_at_once(called: World, who: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(threads, "UNWOKEN_SECONDS", 600)
    monkeypatch.setattr(threads, "LOOK_SECONDS", 600 if who == "the bell" else 0.05)
    # Another process has a bell of its own.
    house = called.house if who == "the bell" else home.open_home(world.settings(called.house))
    engine = Threads(house)
    engine.start()
    try:
        time.sleep(0.2)
        called.push(member("10000001"))
        called.grant("10000001")
        called.house.bell.ring()
        until(lambda: called.states() == ["settled"])
        called.revoke("10000001", of="mx-neec")
        called.house.bell.ring()
        until(lambda: called.states() == ["settled", "settled"])
    finally:
        engine.stop()
        if house is not called.house:
            house.database.close()

    assert called.held("mx-neec") == {}


def test_it_stops_while_nothing_is_due(called: World):
    engine = Threads(called.house)
    engine.start()
    began = time.monotonic()

    engine.stop()

    assert time.monotonic() - began < 3
