"""Exposure: minutes in which a member that had lost its benefits could still have had them."""

from datetime import timedelta

import pytest

from tests.conftest import BOTH
from tests.gateway.views.exposed import ONE, TWO, in_february, mexico, report, silent, suspend
from tests.world import World, member

pytestmark = pytest.mark.parametrize("engine", BOTH, indirect=True)


@pytest.fixture
def world(small_world: World) -> World:
    return in_february(small_world)


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
