"""Errands are run in one process at a time; whichever it is, another takes over."""

import time
from collections.abc import Iterator

import pytest

from gateway.acts import replays
from gateway.app import build
from gateway.engine import errands
from gateway.engine.errands import Errands
from gateway.identity.actor import at_the_shell
from gateway.settings import Settings
from gateway.views import replays as view
from partners import agreements
from schemas.tables import replays as rows
from tests.gateway.acts.entries import entries
from tests.gateway.engine.cluster import until
from tests.gateway.sandbox.bad_partner import served
from tests.gateway.turned_down import ACCOUNTS, refused
from tests.world import BYTES_MAX, World


@pytest.fixture
def two(small_world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Errands]]:
    monkeypatch.setattr(errands, "TURN_SECONDS", 0.05)
    both = [Errands(small_world.house, batch_bytes_max=BYTES_MAX) for _ in range(2)]
    yield both
    for one in both:
        one.stop()


@pytest.mark.slow
def test_two_processes_ask_a_partner_no_more_often_than_one(small_world: World, two: list[Errands]):
    mexico = small_world.partners["mx-neec"]
    app = build(mexico, Settings(home=mexico.folder))
    asked: list[str] = []

    async def counted(scope, receive, send):
        if scope["type"] == "http":
            asked.append(scope["query_string"].decode())
        await app(scope, receive, send)

    with served(counted) as url:
        with small_world.house.database.write() as tx:
            agreements.change(tx, "mx-neec", pull_url=url)
        for one in two:
            one.start()
        until(lambda: len(asked) >= 2)
        time.sleep(1)

        assert sum(one.ours for one in two) == 1
        assert sorted(one.partition("&")[2] for one in asked) == ["lane=routine", "lane=urgent"]


def test_when_the_one_that_runs_them_ends_another_takes_over(
    small_world: World, two: list[Errands]
):
    first, second = two
    first.start()
    until(lambda: first.ours)
    second.start()
    time.sleep(0.3)
    assert not second.ours

    first.stop()

    until(lambda: second.ours)
    assert not first.ours


@pytest.mark.slow
def test_a_replay_is_worked_in_the_background(small_world: World, two: list[Errands]):
    refused(small_world, ACCOUNTS)
    for one in two:
        one.start()
    operator = at_the_shell("jane")
    now = small_world.clock()
    asked = replays.start(
        small_world.house, operator, "mx-neec", "MRX-2210", reason="repaired", now=now
    )

    def done() -> bool:
        with small_world.house.database.read() as tx:
            return view.get(tx, asked.id).state is view.State.DONE

    until(done)
    assert len(entries(small_world.house, "replayed")) == 1
    with small_world.house.database.read() as tx:
        assert view.get(tx, asked.id).looked_at == len(ACCOUNTS)


@pytest.mark.slow
def test_a_replay_that_fails_keeps_neither_another_s_nor_a_refused_one(
    small_world: World, two: list[Errands]
):
    refused(small_world, ACCOUNTS)
    house, now = small_world.house, small_world.clock()
    of_others = {"code": None, "reason": "repaired", "asked_by": "jane", "matched": 9, "retold": 0}
    unreadable = {"id": "a" * 12, "partner": "ca-pip", "state": "running", "skipped": [1]}
    void = {"id": "b" * 12, "partner": "nz-ses", "state": "waiting", "skipped": {}}
    with house.database.write() as tx:
        for row in (unreadable, void):
            tx.execute(rows.insert().values(**of_others, **row, asked_at=now))
    later = small_world.clock()
    good = replays.start(
        house, at_the_shell("jane"), "mx-neec", "MRX-2210", reason="repaired", now=later
    )
    for one in two:
        one.start()

    def state(replay: str) -> view.State:
        with house.database.read() as tx:
            return view.get(tx, replay).state

    until(lambda: state(good.id) is view.State.DONE)
    until(lambda: state(void["id"]) is view.State.CANCELLED)
    assert state(unreadable["id"]) is view.State.RUNNING
