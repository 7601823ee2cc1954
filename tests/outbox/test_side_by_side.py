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
from sqlalchemy import select

from gateway import inbound
from outbox import holdings, issuing, lane, ledger, receipts
from partners import holdings as sums
from partners.holdings import Side
from schemas.batch import Lane
from schemas.holdings import total
from schemas.tables import attempts
from tests.conftest import SERVER_ONLY
from tests.gateway.sender import Sender, mid, record
from tests.outbox.halting import SECONDS, Halt, reached, waits
from tests.world import ONE, World, member

Place = tuple[ModuleType, str]


@pytest.fixture
def aside() -> Iterator[Callable[..., Future[Any]]]:
    """Begin something in a thread of its own."""
    with ThreadPoolExecutor() as threads:
        yield threads.submit


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


@pytest.mark.slow
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
