"""Alarms of lanes are silent while somebody works them, and of what a closed gate holds back."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from partners import agreements
from schemas.tables import lanes
from tests.conftest import BOTH
from tests.gateway.views.test_alarms import alarms
from tests.world import NEVER_ARRIVED, World, member


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def told(small_world: World) -> World:
    """One member that Mexico holds."""
    small_world.push(member("10000001"))
    small_world.grant("10000001")
    small_world.deliver()
    return small_world


def test_a_worker_that_has_just_served_another_lane_is_there(told: World):
    told.push(member("10000001", name="Invented Two"))
    later = told.clock.now + timedelta(minutes=7)
    served(told, "urgent", served_at=later - timedelta(minutes=1))

    assert alarms(told, "nobody works the lanes", later=timedelta(minutes=7)) == []
    assert alarms(told, "nobody works the lanes", later=timedelta(minutes=12)) != []


def test_a_worker_that_holds_another_lane_is_there_however_long_it_takes(told: World):
    told.push(member("10000001", name="Invented Two"))
    served(told, "urgent", leased_by="w", leased_until=told.clock.now + timedelta(minutes=9))

    assert alarms(told, "nobody works the lanes", later=timedelta(minutes=8)) == []
    assert alarms(told, "nobody works the lanes", later=timedelta(minutes=10)) != []


def served(world: World, kind: str, **facts: object) -> None:
    mine = (lanes.c.partner == "mx-neec") & (lanes.c.kind == kind)
    with world.house.database.write() as tx:
        tx.execute(update(lanes).where(mine).values(**facts))


def test_bad_news_that_a_closed_gate_holds_back_is_not_said_to_wait_for_the_partner(told: World):
    with told.house.database.write() as tx:
        agreements.change(tx, "mx-neec", enabled=False)
    told.push(member("10000002", status="SUSPENDED"))
    told.grant("10000002")
    told.deliver()

    assert [one.code for one in alarms(told, "closed")] == ["MRX-2202"]
    assert alarms(told, "urgent news waits", later=timedelta(hours=50)) == []


def test_a_withdrawal_behind_a_closed_gate_still_leaves_and_is_said_if_it_does_not(told: World):
    with told.house.database.write() as tx:
        agreements.change(tx, "mx-neec", enabled=False)
    told.wire.plan = [NEVER_ARRIVED] * 3
    told.push(mode="snapshot", approve=True)
    waiting = alarms(told, "urgent news waits", later=timedelta(hours=25))
    told.deliver(rounds=1)
    flying = alarms(told, "urgent news waits", later=timedelta(hours=25))

    assert (len(waiting), len(flying)) == (1, 1)
