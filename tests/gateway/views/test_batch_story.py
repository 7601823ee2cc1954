"""What happened to one batch, as it is told, on both databases."""

from datetime import timedelta

import pytest

from gateway.views import batch_story
from tests.conftest import BOTH
from tests.world import LOST_ANSWER, TOO_LARGE, World, member


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


def test_a_lane_says_what_it_waits_for(small_world: World):
    small_world.push(member("10000001"))
    small_world.grant("10000001")
    small_world.wire.plan = [LOST_ANSWER]
    small_world.deliver(1)
    now = small_world.clock.now

    with small_world.house.database.read() as tx:
        soon = batch_story.story(tx, 1, now=now).next_try
        later = batch_story.story(tx, 1, now=now + timedelta(hours=1)).next_try
    assert soon is not None
    assert soon.at is not None
    assert now < soon.at < now + timedelta(seconds=10)
    assert later is not None
    assert later.at == now + timedelta(hours=1), "it is due"

    with small_world.house.database.write() as tx:
        tx.exec_driver_sql("UPDATE agreements SET push_url = NULL WHERE partner = 'mx-neec'")
        fetched = batch_story.story(tx, 1, now=now).next_try
    assert fetched is not None
    assert fetched.waits_for == "the partner, who fetches by itself"


def test_of_a_batch_that_was_tried_for_weeks_the_first_and_last_attempts_are_shown(
    small_world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(batch_story, "FIRST", 2)
    monkeypatch.setattr(batch_story, "LAST", 3)
    small_world.push(member("10000001"))
    small_world.grant("10000001")
    small_world.wire.plan = [LOST_ANSWER] * 9
    small_world.deliver(9)

    with small_world.house.database.read() as tx:
        story = batch_story.story(tx, 1, now=small_world.clock.now)

    [branch] = story.branches
    assert ([one.n for one in branch.attempts], story.unshown) == ([1, 2, 7, 8, 9], 4)
    assert branch.why is None


def test_an_issue_after_too_large_says_so(small_world: World):
    small_world.push(member("10000001"), member("10000002"))
    small_world.grant("10000001", "10000002")
    small_world.wire.plan = [TOO_LARGE]
    small_world.deliver(2)

    with small_world.house.database.read() as tx:
        story = batch_story.story(tx, 1, now=small_world.clock.now)

    assert [one.why for one in story.branches] == [
        None,
        "the partner found the one before too large",
    ]
    assert dict(story.branches[1].left_out) == {"for a later number": 1}


def test_notices_are_listed_by_what_became_of_them(small_world: World):
    small_world.push(member("10000001"), member("10000002"))
    small_world.grant("10000001", "10000002")
    small_world.wire.plan = [LOST_ANSWER]
    small_world.deliver(1)

    def listed(outcome: str | None) -> int:
        with small_world.house.database.read() as tx:
            return len(batch_story.notices(tx, 1, outcome=outcome, limit=9))

    assert [listed(word) for word in (None, batch_story.OPEN, "held", batch_story.LEFT_OUT)] == [
        2,
        2,
        0,
        0,
    ]
    small_world.revoke("10000001", of="mx-neec")
    small_world.deliver()
    assert [listed(word) for word in (None, batch_story.OPEN, "held", batch_story.LEFT_OUT)] == [
        2,
        0,
        1,
        1,
    ]
