"""New epochs: no number is used twice, and what was in flight goes again."""

import pytest
from sqlalchemy import select

from gateway import inbound
from outbox import batch, epochs, revocations
from outbox import lane as lanes
from outbox.house import House
from partners import holdings as sums
from partners.holdings import Side
from schemas.batch import Lane
from schemas.tables import (
    attempts,
)
from tests.outbox.two_ends import (
    MANY,
    MEXICO,
    agree,
)
from tests.world import BYTES_MAX, LOST_ANSWER, World, member

DIGEST, OTHER = "a" * 64, "b" * 64


@pytest.mark.parametrize(
    ("taken", "stays"),
    [
        pytest.param(("e", True, 5, DIGEST), True, id="the same number"),
        pytest.param(("e", True, 6, OTHER), True, id="the one in flight, too"),
        pytest.param(("e", True, 4, DIGEST), False, id="less than was answered"),
        pytest.param(("e", True, 5, OTHER), False, id="another history"),
        pytest.param(("e", True, 6, DIGEST), False, id="another number 6"),
        pytest.param(("e", True, 7, OTHER), False, id="more than was sent"),
        pytest.param(("e", False, 5, DIGEST), False, id="closed over there"),
        pytest.param(None, False, id="never heard of"),
    ],
)
def test_when_a_lane_can_go_on(taken: tuple[str, bool, int, str] | None, *, stays: bool):
    sent = epochs.Sent(epoch="e", number=5, digest=DIGEST, flying=frozenset({OTHER}))
    names = ("epoch", "current", "number", "digest")
    place = None if taken is None else epochs.Taken(**dict(zip(names, taken, strict=True)))

    assert epochs.in_place(sent, place) is stays


def test_a_lane_that_nothing_was_answered_on_can_go_on():
    assert epochs.in_place(epochs.Sent(epoch="e", number=0, digest=None), None)


def given_up(world: World, kind: Lane = Lane.ROUTINE) -> None:
    with world.house.database.write() as tx:
        epochs.open_new(tx, MEXICO, kind, why="test", now=world.clock())


def test_a_batch_given_up_goes_again_and_its_late_receipt_changes_nothing(held: World):
    kept: list[bytes] = []

    def keep_and_lose(_end: House, _file: bytes, receipt: bytes) -> bytes:
        kept.append(receipt)
        return b"lost"

    held.push(member(MANY[0], name="Invented Company Renamed"))
    honest, held.wire.answer = held.wire.answer, keep_and_lose
    held.deliver(rounds=1)
    given_up(held)
    with held.house.database.read() as tx:
        last = batch.every(tx)[-1]
        assert (last.state, last.code) == ("refused", "MRX-4013")
        assert (
            tx.scalars(select(attempts.c.ended_at).where(attempts.c.ended_at.is_(None))).all() == []
        )
        sums_before = sums.buckets(tx, MEXICO, Side.OURS)
    inbound.take_receipt(held.house, kept[0], bytes_max=BYTES_MAX, now=held.clock())
    with held.house.database.read() as tx:
        assert sums.buckets(tx, MEXICO, Side.OURS) == sums_before
        assert batch.every(tx)[-1].state == "refused"
    held.wire.answer = honest
    held.deliver()
    inbound.take_receipt(held.house, kept[0], bytes_max=BYTES_MAX, now=held.clock())

    assert agree(held)
    assert held.states()[-1] == "settled"
    assert "Invented Company Renamed" in held.held(MEXICO)


def test_withdrawals_of_a_batch_given_up_go_again(held: World):
    held.wire.plan = [LOST_ANSWER]
    number = held.revoke(MANY[0], of=MEXICO)
    held.deliver(rounds=1)
    given_up(held, Lane.URGENT)
    held.deliver()

    with held.house.database.read() as tx:
        assert revocations.get(tx, number).answer == "deletion confirmed"
    assert agree(held)


def test_a_worker_that_is_sending_meanwhile_settles_nothing(held: World):
    held.push(member(MANY[0], name="Invented Company Renamed"))
    meanwhile = [lambda: given_up(held)]
    held.wire.before = lambda: meanwhile.pop()() if meanwhile else None
    held.deliver(rounds=1)

    with held.house.database.read() as tx:
        last = batch.every(tx)[-1]
        assert (last.state, last.code, last.number) == ("refused", "MRX-4013", 2)
        lane = next(row for row in lanes.of(tx, MEXICO) if row.kind == "routine")
        assert (lane.next_number, lane.last_digest) == (1, None)
    held.deliver()

    assert agree(held)
    assert "Invented Company Renamed" in held.held(MEXICO)
