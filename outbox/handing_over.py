"""Handing a batch over to a partner that comes for it, or to a person with a file.

    take the lane --claim--> its bytes      the urgent lane first; the same way as a push (P1)
    close the attempt as "handed over", the batch is unknown; give the lane back
    ... and its receipt comes by another door (`POST /receipts`, `mrx receipt import`)

Whether the bytes arrived nobody here can know, so they may have heard, and the next one who comes
gets the same bytes under the same number, until the receipt. We crash after the claim: the lane is
free again when its lease ends, and the batch goes on from `sending` as it would from `unknown`.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, exists, select, text

from outbox import batch as batches_
from outbox import claiming, lane
from outbox import gate as gates
from outbox.batch import Batch, State
from outbox.claiming import Moved
from outbox.house import House
from outbox.issuing import Claim
from outbox.lane import Taken
from outbox.release import FencedOut
from schemas.batch import Lane
from schemas.errors import BadRequest
from schemas.tables import batches, lanes

BOTH = (Lane.URGENT, Lane.ROUTINE)
BUDGET = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Handed:
    """The batch that is handed over, and the sealed bytes of its newest issue."""

    batch: Batch
    file: bytes


@dataclass(frozen=True, slots=True)
class Busy:
    """Somebody else works the lane just now: a push, or another one who came for it."""


def next_batch(
    house: House,
    partner: str,
    *,
    worker: str,
    kinds: Sequence[Lane] = BOTH,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Handed | Busy | None:
    """Hand over the one that waits, or one sealed now; None when nothing is due.

    Lanes are asked in the order of `kinds`; a busy one is not passed by, so that announcements
    never overtake withdrawals here.
    """
    for kind in kinds:
        with house.database.read() as tx:
            if not _due(tx, house, partner, kind, now=clock()):
                continue
        with house.database.write(partner=partner) as tx:
            taken = lane.take_one(
                tx, partner, kind, worker=worker, now=clock(), lease=house.terms.lease
            )
        if taken is None:
            return Busy()
        found = _from(house, taken, worker=worker, clock=clock)
        if found is not None:
            return found
    return None


def told(
    tx: Connection, partner: str, *, after: tuple[str, str, int] | None, limit: int
) -> Sequence[Row[Any]]:
    """What the partner was sent, in the order of the numbers' first sealing, from the one `after`
    (lane, epoch, number) on: rows of `batches` with their `lane`. Raises `BadRequest` MRX-5003 if
    it was never sent that one.
    """
    query = (
        select(batches, lanes.c.kind.label("lane"))
        .join(lanes, lanes.c.id == batches.c.lane_id)
        .where(lanes.c.partner == partner)
    )
    if after is not None:
        kind, epoch, number = after
        place = query.where(
            lanes.c.kind == kind, batches.c.epoch == epoch, batches.c.number == number
        )
        last = tx.execute(place).one_or_none()
        if last is None:
            raise BadRequest("MRX-5003")
        query = query.where(batches.c.id > last.id)
    return tx.execute(query.order_by(batches.c.id).limit(limit)).all()


def _due(tx: Connection, house: House, partner: str, kind: Lane, *, now: datetime) -> bool:
    """Whether taking the lane could come to anything. Reads only: who asks often writes nothing."""
    mine = (lanes.c.partner == partner) & (lanes.c.kind == kind.value) & text("lanes.paused = 0")
    mine &= lanes.c.restored_at.is_(None)
    if not tx.scalar(select(exists().where(mine, lane.work()))):
        return False
    # Behind a closed gate withdrawals leave by the urgent lane, and nothing else does.
    return kind is Lane.URGENT or gates.gate(tx, house, partner, now=now).closed is None


def _from(
    house: House, taken: Taken, *, worker: str, clock: Callable[[], datetime]
) -> Handed | Busy | None:
    until = time.monotonic() + BUDGET.total_seconds()
    try:
        released: claiming.Claimed = Moved()
        while isinstance(released, Moved) and time.monotonic() < until:
            released = claiming.claim(house, taken, worker=worker, clock=clock)
        match released:
            case Claim():
                return _handed(house, taken, released, now=clock())
            case FencedOut() | Moved():
                return Busy()
            case _:
                return None
    finally:
        with house.database.write(partner=taken.partner) as tx:
            lane.give_back(tx, taken)


def _handed(house: House, taken: Taken, claim: Claim, *, now: datetime) -> Handed:
    with house.database.write(partner=taken.partner) as tx:
        mine = claiming.ours(tx, taken)
        batches_.close_attempt(
            tx, claim.batch.id, claim.attempt, outcome="handed over", code=None, now=now
        )
        batch = batches_.get(tx, claim.batch.id)
        if mine and batch.state is State.SENDING:  # or its receipt has come by another way
            batches_.move(tx, batch, State.UNKNOWN)
    return Handed(claim.batch, claim.file)
