"""Batches and failures as they are shown, on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection, insert, select

from gateway.views import batch_story, batches, comparison, failures
from gateway.views.count import Count
from outbox import witness
from outbox.batch import State
from schemas.batch import Lane
from schemas.errors import BadRequest
from schemas.tables import batches as batches_
from schemas.tables import lanes, pending
from tests.conftest import BOTH
from tests.gateway.turned_down import ACCOUNTS, refused
from tests.world import LOST_ANSWER, START, TOO_LARGE, World, member


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


def lane_ids(tx: Connection) -> dict[tuple[str, str], int]:
    return {(row.partner, row.kind): row.id for row in tx.execute(select(lanes))}


def fill(world: World, count: int) -> None:
    """Batches of both lanes to Mexico and of one to Canada, by turns; every tenth is refused."""
    with world.house.database.write() as tx:
        ids = lane_ids(tx)
        order = [("mx-neec", "routine"), ("mx-neec", "urgent"), ("ca-pip", "routine")]
        tx.execute(
            insert(batches_),
            [
                {
                    "id": n,
                    "lane_id": ids[order[n % 3]],
                    "epoch": "0" * 16,
                    "number": n,
                    "issue": 1,
                    "state": "refused" if n % 10 == 0 else "settled",
                    "stale": False,
                    "fence": 1,
                    "revision": 1,
                    "digest": "0" * 64,
                    "announcements": 1,
                    "withdrawals": 0,
                    "bytes": 1,
                    "attempts": 1,
                    "sealed_at": START,
                    "first_sent_at": START,
                }
                for n in range(1, count + 1)
            ],
        )


def pages(world: World, *, limit: int, **those: object) -> list[int]:
    """All ids of a list, page by page."""
    found: list[int] = []
    before = None
    with world.house.database.read() as tx:
        while True:
            page = batches.listed(tx, before=before, limit=limit, **those)
            assert len(page.batches) <= limit
            found += [one.id for one in page.batches]
            before = page.next
            if before is None:
                return found


def test_pages_follow_each_other_newest_first_whatever_the_filter(whole_world: World):
    fill(whole_world, 60)
    newest_first = list(range(60, 0, -1))

    assert pages(whole_world, limit=7) == newest_first
    assert pages(whole_world, limit=60) == newest_first
    assert pages(whole_world, limit=4, partner="mx-neec") == [n for n in newest_first if n % 3 < 2]
    assert pages(whole_world, limit=4, lane=Lane.ROUTINE) == [n for n in newest_first if n % 3 != 1]
    assert pages(whole_world, limit=4, state=State.REFUSED) == [60, 50, 40, 30, 20, 10]
    assert pages(whole_world, limit=4, state=State.UNKNOWN) == []
    assert pages(whole_world, limit=4, partner="ca-pip", state=State.REFUSED) == [50, 20]


def test_a_rare_state_is_looked_for_page_by_page(
    whole_world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(batches, "LOOKED_THROUGH", 15)
    fill(whole_world, 60)

    assert pages(whole_world, limit=50, state=State.REFUSED) == [60, 50, 40, 30, 20, 10]
    with whole_world.house.database.read() as tx:
        first = batches.listed(tx, state=State.REFUSED, limit=50)
    assert ([one.id for one in first.batches], first.next) == ([60, 50], 46)


def test_an_unanswered_batch_is_found_by_its_state(small_world: World):
    small_world.push(member("10000001"))
    small_world.grant("10000001")
    small_world.wire.plan = [LOST_ANSWER]
    small_world.deliver(1)

    assert pages(small_world, limit=5, state=State.UNKNOWN) == [1]
    assert pages(small_world, limit=5, state=State.SENDING) == []


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


def test_causes_come_with_the_oldest_first_and_what_needs_nobody_last(whole_world: World):
    refused(whole_world, ACCOUNTS)
    with whole_world.house.database.write() as tx:
        ids = lane_ids(tx)
        for partner, code, days in (
            ("ca-pip", "MRX-2101", 9),
            ("ca-pip", "MRX-2204", 30),
            ("mx-neec", "MRX-2101", 1),
        ):
            tx.execute(
                insert(pending).values(
                    partner=partner,
                    account=f"3000{days:04}",
                    ref="",
                    lane_id=ids[partner, "routine"],
                    rank=5,
                    since=START - timedelta(days=days),
                    blocked=code,
                )
            )

    with whole_world.house.database.read() as tx:
        found = failures.causes(tx, whole_world.house, now=whole_world.clock.now)
        only = failures.causes(tx, whole_world.house, now=whole_world.clock.now, partner="ca-pip")

    told = [(one.partner, one.code, one.count, one.repairer) for one in found]
    assert told == [
        ("ca-pip", "MRX-2101", Count(1), "company"),
        ("mx-neec", "MRX-2101", Count(1), "company"),
        ("mx-neec", "MRX-2210", Count(7), "source"),
        ("ca-pip", "MRX-2204", Count(1), None),
    ]
    assert [one.code for one in only] == ["MRX-2101", "MRX-2204"]
    assert [one.replayable for one in found] == [False, False, True, False]


@pytest.mark.parametrize("dense", [False, True])
def test_notices_of_a_cause_follow_each_other_however_many_there_are(
    small_world: World, monkeypatch: pytest.MonkeyPatch, dense: bool
):
    refused(small_world, ACCOUNTS)
    if dense:
        monkeypatch.setattr("outbox.turned_down.DENSE", 1)

    seen: list[str] = []
    with small_world.house.database.read() as tx:
        cause = failures.one(tx, "mx-neec", "MRX-2210")
        while some := failures.notices(tx, cause, after=seen[-1] if seen else None, limit=3):
            seen += [one.account for one in some]
            assert {one.partner_code for one in some} == {"NO-MATCH"}

    assert seen == ACCOUNTS
    with small_world.house.database.read() as tx, pytest.raises(BadRequest, match="MRX-5018"):
        failures.one(tx, "mx-neec", "MRX-0000")


def test_issues_are_compared_from_what_the_ledger_says(small_world: World):
    small_world.push(*map(member, ("10000001", "10000002", "10000003")))
    small_world.grant("10000001", "10000002", "10000003")
    small_world.wire.plan = [LOST_ANSWER]
    small_world.deliver(1)
    small_world.push(member("10000002", name="Invented Renamed"))
    small_world.revoke("10000001", of="mx-neec")
    small_world.deliver()

    with small_world.house.database.read() as tx:
        found = comparison.compare(tx, 1)
        first = witness.said(tx, found.batch, 1)
        assert witness.said(tx, found.batch, 9) == {}

    assert sorted(one.account for one in first.values()) == ["10000001", "10000002", "10000003"]
    assert [one.account for one in found.left] == ["10000001"]
    assert list(found.came) == []
    assert len(found.changed) + found.same == 2


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
