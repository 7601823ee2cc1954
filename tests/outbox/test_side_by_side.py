"""Deliveries to different partners go side by side, and what takes a permission away meets none of
them half-way.

A thread is halted inside a transaction, at the place where it would do most harm; another one
begins, and must wait or must not. On a file whoever writes, writes alone; on a server that is the
work of two locks (`schemas.postgresql`).
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import Connection, select

from gateway import inbound
from outbox import batch, holdings, issuing, lane, ledger, pending, planning, receipts, revocations
from outbox.revocations import Answer
from partners import agreements
from partners import holdings as sums
from partners.holdings import Side
from schemas.batch import Lane
from schemas.consent import ConsentEvent, Event
from schemas.holdings import total
from schemas.tables import attempts
from schemas.tables import pending as rows
from tests.conftest import SERVER_ONLY
from tests.gateway.sender import Sender, mid, record
from tests.world import ONE, World, member

SECONDS = 20  # more than anything here takes, on any machine

Place = tuple[ModuleType, str]


class Halt:
    """Halts the first thread that comes to a place of the code, until it may go on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, place: Place, *, behind: bool = False):
        self.there, self.go = threading.Event(), threading.Event()
        module, name = place
        plain = getattr(module, name)

        def halting(*args: Any, **named: Any) -> Any:
            first = not self.there.is_set()
            done = plain(*args, **named) if behind else None
            if first:
                self.there.set()
                assert self.go.wait(SECONDS)
            return done if behind else plain(*args, **named)

        monkeypatch.setattr(module, name, halting)


@pytest.fixture
def aside() -> Iterator[Callable[..., Future[Any]]]:
    """Begin something in a thread of its own."""
    with ThreadPoolExecutor() as threads:
        yield threads.submit


def reached(halt: Halt) -> None:
    assert halt.there.wait(SECONDS)


def waits(one: Future[Any]) -> None:
    """It has begun and cannot go on."""
    with pytest.raises(TimeoutError):
        one.result(0.5)


def answer(world: World, number: int) -> Answer:
    with world.house.database.read() as tx:
        return revocations.get(tx, number).answer


def told(world: World, name: str = ONE) -> bool:
    """Whether any file that arrived names this company."""
    return any(name.encode() in file for _, file in world.wire.journal)


# -- two partners ----------------------------------------------------------------------------------


@SERVER_ONLY
@pytest.mark.parametrize(
    "place",
    [(lane, "take"), (issuing, "first"), (receipts, "settle"), (lane, "give_back")],
    ids=lambda place: place[1],
)
def test_deliveries_to_two_partners_are_in_their_transactions_at_once(
    whole_world: World, monkeypatch: pytest.MonkeyPatch, aside, place: Place
):
    """Each comes to the same place inside its transaction and waits there for the other."""
    partners = ("mx-neec", "ca-pip")
    whole_world.push(member("10000001"))
    whole_world.grant("10000001", to=partners)
    both = threading.Barrier(2)
    plain = getattr(*place)

    def meeting(*args: Any, **named: Any) -> Any:
        both.wait(SECONDS)
        return plain(*args, **named)

    monkeypatch.setattr(*place, meeting)
    begun = [aside(whole_world.delivery().work, only=partner) for partner in partners]

    assert [one.result(SECONDS) for one in begun] == [True, True]
    assert [whole_world.held(partner) for partner in partners] == [{ONE: "VALIDATED"}] * 2
    with whole_world.house.database.read() as tx:
        assert ledger.verify(tx).broken_at is None


@SERVER_ONLY
def test_batches_of_two_partners_are_taken_at_once(
    whole_world: World, monkeypatch: pytest.MonkeyPatch, aside
):
    senders = [Sender(whole_world, partner) for partner in ("mx-neec", "ca-pip")]
    both = threading.Barrier(2)
    plain = inbound.apply

    def meeting(*args: Any, **named: Any) -> Any:
        both.wait(SECONDS)
        return plain(*args, **named)

    monkeypatch.setattr(inbound, "apply", meeting)
    begun = [aside(one.send, one.next([record(identifiers=(mid(1),))])) for one in senders]

    for one in begun:
        one.result(SECONDS)


def test_two_workers_who_see_the_same_lane_take_it_once(
    one: World, monkeypatch: pytest.MonkeyPatch, aside
):
    both = threading.Barrier(2)
    plain, seen = lane.due, []

    def together(*args: Any, **named: Any) -> Any:
        found = plain(*args, **named)
        seen.append(found)
        if len(seen) <= 2:
            both.wait(SECONDS)
        return found

    monkeypatch.setattr(lane, "due", together)
    begun = [aside(one.delivery().work) for _ in range(2)]

    assert sorted(each.result(SECONDS) for each in begun) == [False, True]
    assert len(one.wire.journal) == 1
    with one.house.database.read() as tx:
        assert len(tx.execute(select(attempts)).all()) == 1


def test_the_two_lanes_of_a_partner_settle_one_after_the_other(
    small_world: World, monkeypatch: pytest.MonkeyPatch, aside
):
    """Both change what the partner holds of us, which is kept in sums."""
    accounts = [str(n) for n in range(10000001, 10000021)]
    bad = [member(one, status="SUSPENDED") for one in accounts[:10]]
    small_world.push(*bad, *map(member, accounts[10:]))
    small_world.grant(*accounts)
    settling = Halt(monkeypatch, (receipts, "settle"))
    first = aside(small_world.delivery().work, kind=Lane.ROUTINE)
    reached(settling)

    second = aside(small_world.delivery().work, kind=Lane.URGENT)
    waits(second)
    settling.go.set()

    assert first.result(SECONDS)
    assert second.result(SECONDS)
    with small_world.house.database.read() as tx:
        ours = sums.buckets(tx, "mx-neec", Side.OURS)
        assert ours == holdings.added_up(tx, "mx-neec")
        assert total(ours).count == len(accounts)


# -- what takes a permission away ------------------------------------------------------------------


def test_a_revocation_waits_for_a_claim_in_progress_and_sees_it(
    one: World, monkeypatch: pytest.MonkeyPatch, aside
):
    """All has been judged and nothing is written yet: now it must not be revoked."""
    halt = Halt(monkeypatch, (issuing, "first"))
    delivery = aside(one.delivery().work)
    reached(halt)

    revocation = aside(one.revoke, "10000001", of="mx-neec")
    waits(revocation)
    halt.go.set()

    assert delivery.result(SECONDS)
    number = revocation.result(SECONDS)
    assert answer(one, number) in (Answer.ON_ITS_WAY, Answer.CONFIRMED)
    one.deliver()
    assert answer(one, number) is Answer.CONFIRMED
    assert one.held("mx-neec") == {}


def revoke(tx: Connection, world: World) -> None:
    event = ConsentEvent(
        account="10000001",
        programme="mx-neec",
        event=Event.REVOKED,
        at=world.clock(),
        officer_title=None,
        text=None,
    )
    world.record(tx, [event])


def pause(tx: Connection, world: World) -> None:
    lane.pause(tx, "mx-neec", by="test", reason="test", now=world.clock())


def disable(tx: Connection, _world: World) -> None:
    agreements.change(tx, "mx-neec", enabled=False)


@pytest.mark.parametrize("take_away", [revoke, pause, disable])
def test_a_claim_waits_for_whoever_takes_the_permission_away(
    one: World,
    monkeypatch: pytest.MonkeyPatch,
    aside,
    take_away: Callable[[Connection, World], None],
):
    """It has drafted on what it saw before; once it may go on, it looks again and says nothing."""
    drafted = Halt(monkeypatch, (planning, "plan"), behind=True)
    delivery = aside(one.delivery().work)
    reached(drafted)

    with one.house.database.write() as tx:
        take_away(tx, one)
        drafted.go.set()
        waits(delivery)

    delivery.result(SECONDS)
    one.deliver()
    assert one.wire.journal == []


def test_a_draft_made_before_a_revocation_is_thrown_away(
    one: World, monkeypatch: pytest.MonkeyPatch, aside
):
    drafted = Halt(monkeypatch, (planning, "plan"), behind=True)
    delivery = aside(one.delivery().work)
    reached(drafted)

    number = one.revoke("10000001", of="mx-neec")
    drafted.go.set()

    delivery.result(SECONDS)
    assert answer(one, number) is Answer.REMOVED
    assert not told(one)


# -- revocation and intake, revocation and settling ------------------------------------------------


def test_a_revocation_takes_out_what_an_intake_was_about_to_queue(
    one: World, monkeypatch: pytest.MonkeyPatch, aside
):
    one.deliver()
    one.wire.journal.clear()
    marked = Halt(monkeypatch, (pending, "mark"), behind=True)
    intake = aside(one.push, member("10000001", name="Invented Company Renamed"))
    reached(marked)

    revocation = aside(one.revoke, "10000001", of="mx-neec")
    waits(revocation)
    marked.go.set()

    intake.result(SECONDS)
    assert answer(one, revocation.result(SECONDS)) is Answer.ON_ITS_WAY
    one.deliver()
    assert one.held("mx-neec") == {}
    assert not told(one, "Invented Company Renamed")


def test_an_intake_that_waited_for_a_revocation_queues_nothing(one: World, aside):
    with one.house.database.write() as tx:
        revoke(tx, one)
        intake = aside(one.push, member("10000001", name="Invented Company Renamed"))
        waits(intake)

    intake.result(SECONDS)
    with one.house.database.read() as tx:
        assert tx.execute(select(rows)).all() == []
    one.deliver()
    assert one.wire.journal == []


def test_a_revocation_during_a_settlement_withdraws_what_it_confirmed(
    one: World, monkeypatch: pytest.MonkeyPatch, aside
):
    settling = Halt(monkeypatch, (receipts, "settle"))
    delivery = aside(one.delivery().work)
    reached(settling)

    revocation = aside(one.revoke, "10000001", of="mx-neec")
    waits(revocation)
    settling.go.set()

    delivery.result(SECONDS)
    number = revocation.result(SECONDS)
    one.deliver()
    assert answer(one, number) is Answer.CONFIRMED
    assert one.held("mx-neec") == {}


def test_a_receipt_that_waited_for_a_revocation_does_not_bring_the_member_back(one: World, aside):
    holding, go = threading.Event(), threading.Event()

    def while_it_travels() -> None:
        holding.set()
        assert go.wait(SECONDS)

    one.wire.before = while_it_travels
    delivery = aside(one.delivery().work)
    assert holding.wait(SECONDS)

    with one.house.database.write() as tx:
        revoke(tx, one)
        go.set()
        waits(delivery)

    delivery.result(SECONDS)
    one.deliver()
    assert one.held("mx-neec") == {}
    with one.house.database.read() as tx:
        assert {each.state for each in batch.every(tx)} == {"settled"}
        (number,) = [each.id for each in revocations.of(tx, "10000001")]
    assert answer(one, number) is Answer.CONFIRMED
