"""Exposure: minutes in which a member that had lost its benefits could still have had them."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, select

from gateway.views.exposure import Exposure, Partner, exposure, month_of
from partners import agreements, consents
from schemas.errors import BadRequest
from schemas.tables import disclosures
from tests.conftest import BOTH
from tests.world import NEVER_ARRIVED, World, member

ONE, TWO = "10000001", "10000002"
FEBRUARY = "2026-02"

pytestmark = pytest.mark.parametrize("engine", BOTH, indirect=True)


@pytest.fixture
def world(small_world: World) -> World:
    """Two members, held in Mexico since January; it is Monday, the second of February, 12:00."""
    small_world.push(member(ONE), member(TWO))
    small_world.grant(ONE, TWO)
    small_world.deliver()
    on(small_world, datetime(2026, 2, 2, 12, tzinfo=UTC))
    return small_world


def on(world: World, now: datetime) -> None:
    """It is then, and the feed of consents has just spoken."""
    world.clock.now = now
    with world.house.database.write() as tx:
        consents.heard(tx, now)


def report(world: World, month: str = FEBRUARY, *, at: datetime | None = None) -> Exposure:
    with world.house.database.read() as tx:
        return exposure(tx, month, now=at or world.clock.now)


def mexico(world: World, month: str = FEBRUARY, *, at: datetime | None = None) -> Partner:
    return next(one for one in report(world, month, at=at).partners if one.partner == "mx-neec")


def suspend(world: World, *accounts: str, status: str = "SUSPENDED") -> None:
    world.push(*(member(account, status=status) for account in accounts))


def silent(world: World, **time: float) -> None:
    """Nothing arrives there, for so long."""
    world.wire.plan = [NEVER_ARRIVED]
    world.deliver(1)
    world.clock.forward(**time)


def test_where_nothing_happened_nobody_was_exposed(world: World):
    found = mexico(world)

    assert (found.members, found.minutes, found.monthly_minutes, found.open) == (0, 0, 0, 0)
    assert report(world).longest == ()


def test_a_suspension_counts_until_the_receipt_confirms_the_worse_status(world: World):
    suspend(world, ONE)
    world.clock.forward(minutes=30)
    world.deliver()
    world.clock.forward(days=3)

    found = mexico(world)

    assert (found.members, found.minutes, found.open) == (1, 31, 0)
    assert found.by_cause == {
        "suspended": 31, "removed": 0, "withdrawn": 0, "absent": 0, "revoked": 0
    }  # fmt: skip
    [one] = report(world).longest
    assert (one.account, one.cause) == (ONE, "suspended")
    assert timedelta(minutes=30) < one.lasted < timedelta(minutes=31)


def test_it_lasts_while_no_receipt_comes(world: World):
    suspend(world, ONE)
    silent(world, hours=5)

    found = mexico(world)

    assert (found.open, found.minutes // 60) == (1, 5)
    assert report(world).longest[0].until is None


def test_a_revocation_counts_until_the_deletion_is_confirmed(world: World):
    world.revoke(ONE, of="mx-neec")
    silent(world, hours=2)
    world.deliver()

    found = mexico(world)

    assert (found.members, found.by_cause["revoked"] // 60, found.open) == (1, 2, 0)


def test_a_member_missing_from_a_full_list_counts_until_its_deletion(world: World):
    world.push(member(ONE), mode="snapshot", approve=True)
    world.clock.forward(minutes=10)
    world.deliver()

    assert mexico(world).by_cause["absent"] == 11


@pytest.mark.parametrize(("status", "cause"), [("REMOVED", "removed"), ("WITHDRAWN", "withdrawn")])
def test_the_cause_is_the_source_s_word(world: World, status: str, cause: str):
    suspend(world, ONE, status=status)
    world.clock.forward(minutes=1)
    world.deliver()

    assert mexico(world).by_cause[cause] == 2


def test_a_good_status_ends_it_even_if_the_bad_one_was_never_told(world: World):
    suspend(world, ONE)
    world.clock.forward(minutes=20)
    world.push(member(ONE))
    world.clock.forward(days=2)
    world.deliver()

    found = mexico(world)

    assert (found.minutes, found.open) == (21, 0)


def test_who_is_revoked_while_suspended_over_there_is_not_exposed_again(world: World):
    suspend(world, ONE)
    world.deliver()
    before = mexico(world).minutes
    world.revoke(ONE, of="mx-neec")
    silent(world, days=1)

    assert mexico(world).minutes == before


def test_two_grounds_at_once_are_one_exposure(world: World):
    suspend(world, ONE)
    silent(world, minutes=10)
    world.revoke(ONE, of="mx-neec")
    world.clock.forward(minutes=10)
    world.deliver()

    found = mexico(world)

    assert (found.members, found.minutes, found.by_cause["revoked"]) == (1, 21, 0)


def test_a_good_status_does_not_end_a_revocation(world: World):
    suspend(world, ONE)
    silent(world, minutes=10)
    world.revoke(ONE, of="mx-neec")
    world.push(member(ONE))
    silent(world, hours=1)

    assert mexico(world).open == 1


def test_who_was_never_told_is_never_exposed(world: World):
    world.push(member("10000003"))
    world.grant("10000003")
    suspend(world, "10000003")
    world.revoke("10000003", of="mx-neec")
    world.clock.forward(days=1)

    assert mexico(world).members == 0


def test_who_was_first_told_as_suspended_is_not_exposed(world: World):
    world.push(member("10000003", status="SUSPENDED"))
    world.grant("10000003")
    world.deliver()
    world.revoke("10000003", of="mx-neec")
    silent(world, hours=1)

    found = mexico(world)

    assert (found.members, found.monthly_members) == (0, 0)


def test_another_change_for_the_worse_is_not_exposure(world: World):
    world.push(member(ONE, identifiers=[]), member(TWO, status="CERTIFIED"))
    silent(world, hours=1)

    assert mexico(world).members == 0


def test_the_parts_by_cause_add_up_to_the_minutes(world: World):
    suspend(world, ONE)
    world.revoke(TWO, of="mx-neec")
    world.clock.forward(seconds=10)
    world.deliver()

    found = mexico(world)

    assert sum(found.by_cause.values()) == found.minutes == 1


# -- months ----------------------------------------------------------------------------------------


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
