"""Exposure month by month, and beside it what one list a month would have left."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import event, select

from gateway.views.exposure import exposure, month_of
from partners import agreements
from schemas.errors import BadRequest
from schemas.tables import disclosures
from tests.conftest import BOTH
from tests.gateway.views.exposed import (
    FEBRUARY,
    ONE,
    TWO,
    in_february,
    mexico,
    on,
    report,
    silent,
    suspend,
)
from tests.world import World, member

pytestmark = pytest.mark.parametrize("engine", BOTH, indirect=True)


@pytest.fixture
def world(small_world: World) -> World:
    return in_february(small_world)


def test_each_month_has_its_part_in_the_agreement_s_own_zone(world: World):
    with world.house.database.write() as tx:
        agreements.change(tx, "mx-neec", time_zone="America/Mexico_City")
    on(world, datetime(2026, 2, 28, 23, 0, tzinfo=UTC))
    suspend(world, ONE)
    silent(world)
    on(world, datetime(2026, 3, 1, 9, 0, tzinfo=UTC))
    world.deliver()

    february, march = mexico(world), mexico(world, "2026-03")

    assert february.until == march.since == datetime(2026, 3, 1, 6, tzinfo=UTC)
    assert (february.minutes, march.minutes) == (7 * 60, 3 * 60 + 1)
    assert (february.open, march.open) == (1, 0)


def test_one_list_a_month_would_have_left_them_until_the_next_first(world: World):
    suspend(world, ONE)
    world.deliver()

    found = mexico(world, at=datetime(2026, 4, 1, tzinfo=UTC))

    assert found.monthly_members == 1
    assert found.monthly_minutes == (26 * 24 + 12) * 60
    assert mexico(world, "2026-03", at=datetime(2026, 4, 1, tzinfo=UTC)).monthly_minutes == 0


def leave_suspended(world: World) -> None:
    """A suspended member is not recognised over there: it is deleted, and that is confirmed."""
    with world.house.database.write() as tx:
        agreements.change(tx, "mx-neec", statuses=["VALIDATED"])
    suspend(world, ONE)
    world.deliver()
    with world.house.database.read() as tx:
        assert tx.scalar(select(disclosures.c.gone_at).where(disclosures.c.account == ONE))


def test_a_good_status_ends_it_on_the_list_though_the_deletion_was_confirmed_before(world: World):
    leave_suspended(world)
    world.clock.forward(hours=2)
    world.push(member(ONE))
    world.clock.forward(days=5)  # and nothing is told anew

    found = mexico(world)

    assert (found.monthly_members, found.monthly_minutes) == (1, 121)


@pytest.mark.parametrize("cause", ["absent", "revoked"])
def test_a_new_reference_ends_it_on_the_list(world: World, cause: str):
    if cause == "absent":
        world.push(member(TWO), mode="snapshot", approve=True)
    else:
        world.revoke(ONE, of="mx-neec")
    world.deliver()
    world.clock.forward(hours=2)
    world.push(member(ONE), member(TWO), mode="snapshot")
    world.grant(ONE)
    world.deliver()
    world.clock.forward(days=5)

    found = mexico(world)

    assert (found.monthly_members, found.monthly_minutes) == (1, 121)
    assert found.by_cause[cause] == found.minutes == 1


def test_a_past_month_knows_how_it_ended_and_what_had_not_by_its_end(world: World):
    on(world, datetime(2026, 2, 28, 22, 0, tzinfo=UTC))
    suspend(world, ONE)
    silent(world)
    on(world, datetime(2026, 3, 1, 8, 0, tzinfo=UTC))
    world.push(member(ONE))
    ended = world.clock.now
    on(world, datetime(2026, 3, 20, tzinfo=UTC))

    february, march = report(world), report(world, "2026-03")

    assert [one.until for one in february.longest] == [ended]
    assert [one.until for one in march.longest] == [ended]
    assert (mexico(world).open, mexico(world, "2026-03").open) == (1, 0)


def test_what_was_deleted_long_ago_is_not_followed(world: World):
    """A member that was revoked last year costs nothing, and neither does one that was absent."""
    world.revoke(ONE, of="mx-neec")
    world.push(member(ONE), mode="snapshot", approve=True)
    world.deliver()
    on(world, datetime(2026, 5, 20, tzinfo=UTC))
    asked: list[str] = []

    with world.house.database.read() as tx:
        event.listen(tx, "before_cursor_execute", lambda *said: asked.append(str(said[2:4])))
        found = exposure(tx, "2026-05", now=world.clock.now)

    assert found.longest == ()
    assert not any("batch_notices" in one for one in asked)


def test_who_was_told_after_the_first_would_have_stood_on_no_list(world: World):
    world.push(member("10000003"))
    world.grant("10000003")
    world.deliver()
    world.clock.forward(days=1)
    suspend(world, "10000003")
    world.clock.forward(minutes=5)
    world.deliver()

    found = mexico(world)

    assert (found.minutes, found.monthly_minutes) == (6, 0)


def test_who_was_suspended_on_the_first_would_have_stood_on_no_list(world: World):
    suspend(world, ONE)
    world.deliver()
    on(world, datetime(2026, 3, 10, tzinfo=UTC))
    world.push(member(ONE))
    world.deliver()
    suspend(world, ONE)
    world.clock.forward(minutes=5)
    world.deliver()

    found = mexico(world, "2026-03")

    assert (found.members, found.minutes, found.monthly_members) == (1, 6, 0)


def test_days_off_explain_waiting_and_stop_no_clock(world: World):
    with world.house.database.write() as tx:
        agreements.change(tx, "mx-neec", holidays=["2026-02-03"])
    suspend(world, ONE)
    silent(world, days=2)
    world.deliver()

    found = mexico(world)

    assert found.minutes == 2 * 1440 + 1
    assert found.minutes_outside == 1440


@pytest.mark.parametrize("text", ["2026-13", "2026-1", "january", "", "2999-01"])
def test_what_is_no_month_is_refused(world: World, text: str):
    with pytest.raises(BadRequest, match="MRX-7003"):
        month_of(text, now=world.clock.now)


def test_no_month_is_the_present_one(world: World):
    assert month_of(None, now=world.clock.now) == FEBRUARY
