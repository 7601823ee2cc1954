"""How large a partner's roll was, day by day, from the receipts that we gave."""

from datetime import date, timedelta

import pytest
from sqlalchemy import event

from gateway import quarantine
from gateway.views import roll_history as view
from gateway.views.roll_history import Day, History
from schemas.batch import Lane
from schemas.errors import BadRequest
from tests.conftest import BOTH, FILE_ONLY
from tests.gateway.sender import Sender, some
from tests.gateway.waiting import waiting
from tests.world import START, World

NOW = START + timedelta(days=10)
TODAY = NOW.date()


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def sender(small_world: World) -> Sender:
    return Sender(small_world)


def seen(world: World, partner: str = "mx-neec", *, later: timedelta = timedelta()) -> History:
    with world.house.database.read() as tx:
        found = view.history(tx, world.house, partner, now=NOW + later)
    assert len(found.days) == view.DAYS
    assert found.days[-1].day == (NOW + later).date()
    return found


def days(found: History) -> dict[date, Day]:
    return {one.day: one for one in found.days}


def test_each_day_ends_with_what_its_last_receipt_said(sender: Sender, small_world: World):
    first, more = some(200), some(3)
    sender.send(sender.next(first[:150]), now=START)
    sender.send(sender.next(first[150:]), now=START + timedelta(hours=1))
    sender.send(sender.next(more, [first[0].ref]), now=START + timedelta(days=3))

    found = seen(small_world)

    by_day = days(found)
    before, began = START.date() - timedelta(days=1), START.date()
    assert by_day[before] == Day(day=before, size=None, lower=None, upper=None, held_back=0)
    assert (by_day[began].size, by_day[began].lower) == (200, None)  # nothing was measured
    quiet = by_day[began + timedelta(days=2)]
    assert (quiet.size, quiet.lower, quiet.upper) == (200, 150, 250)
    assert by_day[began + timedelta(days=3)].size == by_day[TODAY].size == 202
    assert found.sentence == (
        "Their roll went from 200 to 202 members since 2026-01-05; no batch waited for a person."
    )


def test_a_batch_that_waits_counts_from_the_day_it_is_let_in(sender: Sender, small_world: World):
    members = some(200)
    sender.send(sender.next(members), now=START)
    came, decided = START + timedelta(days=2), START + timedelta(days=5)
    sender.send(sender.next([], [one.ref for one in members[:100]]), now=came)

    waits = seen(small_world)
    [batch] = waiting(small_world)
    quarantine.approve(small_world.house, batch.id, by="Ana", reason="x", now=decided)
    after = seen(small_world)

    assert (days(waits)[came.date()].held_back, days(waits)[TODAY].size) == (1, 200)
    sizes = {day: one.size for day, one in days(after).items()}
    assert (sizes[came.date()], sizes[decided.date()], sizes[TODAY]) == (200, 100, 100)
    assert "one batch waited for a person" in after.sentence


def test_other_partners_and_older_batches_are_not_in_it(sender: Sender, small_world: World):
    sender.send(sender.next(some(60)), now=START)

    assert seen(small_world, "ca-pip").known == ()
    late = seen(small_world, later=timedelta(days=60))
    assert late.sentence == "No batch of theirs was applied within 30 days."
    assert seen(small_world).sentence.startswith("Their roll stayed at 60 members")
    with pytest.raises(BadRequest, match="MRX-5001"):
        seen(small_world, "xx-aeo")


def test_of_many_batches_a_day_the_last_that_was_applied_counts(sender: Sender, small_world: World):
    days_ago = [NOW - timedelta(days=n) for n in (6, 6, 6, 6, 4, 4)]
    for n, at in enumerate(days_ago):
        sender.send(sender.next(some(n + 1)), now=at + timedelta(minutes=n))
    later = NOW - timedelta(days=4, minutes=-30)
    sender.send(sender.next(some(1), lane=Lane.URGENT), now=later)
    sender.send(sender.next(some(7)), now=NOW - timedelta(days=1))

    found = days(seen(small_world))

    ends = {n: found[TODAY - timedelta(days=n)].size for n in (7, 6, 5, 4, 3, 1, 0)}
    assert ends == {7: None, 6: 10, 5: 10, 4: 22, 3: 22, 1: 29, 0: 29}


@FILE_ONLY  # a server goes by its statistics
def test_more_batches_are_hardly_more_questions(sender: Sender, small_world: World):
    def asked() -> list[tuple[str, object]]:
        told: list[tuple[str, object]] = []

        def note(*one: object) -> None:
            told.append((str(one[2]), one[3]))

        with small_world.house.database.read() as tx:
            event.listen(tx, "before_cursor_execute", note)
            view.history(tx, small_world.house, "mx-neec", now=NOW)
            event.remove(tx, "before_cursor_execute", note)
            by_place = [one for one in told if "inbound_batches" in one[0]]
            for statement, values in by_place:
                plan = tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
                assert "SCAN inbound_batches" not in [row[3] for row in plan], statement
        return told

    for n in range(4):
        sender.send(sender.next(some(1)), now=START + timedelta(minutes=n))
    few = len(asked())
    for n in range(28):
        sender.send(sender.next(some(1)), now=START + timedelta(hours=n + 1))

    assert len(asked()) <= few + 3
