"""Who takes a permission away meets who claims, queues or settles, at the same moment."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Connection, select

from outbox import batch, issuing, lane, pending, planning, receipts, revocations
from outbox.revocations import Answer
from partners import agreements
from schemas.consent import ConsentEvent, Event
from schemas.tables import pending as rows
from tests.outbox.halting import SECONDS, Halt, answer, reached, told, waits
from tests.world import World, member


@pytest.fixture
def aside() -> Iterator[Callable[..., Future[Any]]]:
    """Begin something in a thread of its own."""
    with ThreadPoolExecutor() as threads:
        yield threads.submit


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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
