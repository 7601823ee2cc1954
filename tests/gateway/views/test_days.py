"""Thirty days, a mark each: what was settled, and what only failed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.views import days
from gateway.views.days import Mark
from partners import consents
from schemas.receipt import Verdict
from tests.conftest import BOTH
from tests.world import NEVER_ARRIVED, World, answering, member


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


def marks(world: World) -> list[Mark]:
    with world.house.database.read() as tx:
        strip = days.strips(tx, now=world.clock.now, only="mx-neec")["mx-neec"]
    return [one.mark for one in strip]


def next_day(world: World) -> None:
    """The feed of consents speaks every day."""
    world.clock.forward(days=1)
    with world.house.database.write() as tx:
        consents.heard(tx, world.clock.now)


def test_each_day_has_its_mark(small_world: World):
    world = small_world
    world.push(member("10000001"))
    world.grant("10000001")
    world.deliver()  # the first day settles
    next_day(world)
    world.push(member("10000001", name="Invented Two"))
    world.wire.plan = [NEVER_ARRIVED] * 4
    world.deliver(rounds=2)  # the second fails
    next_day(world)
    world.deliver(rounds=2)  # the third, too
    next_day(world)
    world.deliver()  # the fourth settles what was open
    next_day(world)
    next_day(world)
    world.push(member("10000001", name="Invented Three"))
    world.wire.plan = [NEVER_ARRIVED] * 2
    world.deliver(rounds=2)
    today = world.clock.now.date()
    with world.house.database.read() as tx:
        strips = days.strips(tx, now=world.clock.now)

    strip = strips["mx-neec"]

    assert [one.mark for one in strip[-6:]] == [
        Mark.SETTLED,
        Mark.FAILED,
        Mark.FAILED,
        Mark.SETTLED,
        Mark.NOTHING,
        Mark.FAILED,
    ]
    assert {one.mark for one in strip[:-6]} == {Mark.NOTHING}
    assert [one.day for one in strip] == [today - timedelta(days=n) for n in range(29, -1, -1)]
    assert {one.mark for one in strips["ca-pip"]} == {Mark.NOTHING}


def test_a_day_may_settle_one_lane_and_fail_the_other(small_world: World):
    world = small_world
    world.push(member("10000001"), member("10000002"))
    world.grant("10000001", "10000002")
    world.deliver()
    world.clock.forward(days=1)
    world.revoke("10000001", of="mx-neec")
    world.push(member("10000002", name="Invented Two"))
    world.wire.plan = ["fine"] + [NEVER_ARRIVED] * 2  # the urgent lane first
    world.deliver(rounds=3)

    assert marks(world)[-1] is Mark.MIXED


def test_a_batch_that_is_refused_whole_is_a_failure(small_world: World):
    world = small_world
    world.push(member("10000001"))
    world.grant("10000001")
    world.wire.answer = answering(
        lambda r: replace(r, verdict=Verdict.REFUSED, code="X-1", held=None)
    )
    world.deliver(rounds=1)

    assert marks(world)[-1] is Mark.FAILED
