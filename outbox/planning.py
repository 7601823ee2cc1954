"""What a lane would send next, if it may: a draft, or what has to be set aside before one is made.

in flight, and still true      nothing to draft: the same bytes go again
in flight, and not true        a draft of its next issue
rows that cannot be told       they are set aside, each with its reason, and one looks again
rows that can                  a draft of the next number
a draft too large to be read   the lane's batches get smaller, and one looks again
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select, update

from outbox import batch as batches
from outbox import draft as drafts
from outbox import gate as gates
from outbox import outcomes, pending, refusals, waiting
from outbox.batch import Batch
from outbox.candidate import Basis, Block, Nothing, basis, ground
from outbox.draft import Draft, Selection
from outbox.gate import Gate
from outbox.house import House
from outbox.lane import Taken
from outbox.outcomes import Blocked
from schemas.batch import Lane
from schemas.errors import BadDocument
from schemas.tables import batches as batches_
from schemas.tables import lanes
from schemas.tables import pending as rows

# What a routine batch holds at most, so long after an urgent taking (decisions/0013).
HASTE = ((timedelta(seconds=2), 100), (timedelta(seconds=20), 500))
_URGENT_SERVED = select(func.max(lanes.c.served_at)).where(lanes.c.kind == bindparam("kind"))
_LANE = select(lanes).where(lanes.c.id == bindparam("lane"))
_QUEUED = ground(rows, rows.c.partner, rows.c.account).where(waiting.ANNOUNCING)


@dataclass(frozen=True, slots=True)
class TooMuch:
    """What was chosen makes a document larger than any receiver of ours would read."""

    chosen: Selection


def plan(
    tx: Connection, house: House, taken: Taken, *, now: datetime
) -> Draft | Selection | TooMuch | None:
    """A draft; or a selection whose asides must be set aside first; or too much for one; or None,
    and `release` will say what that means.
    """
    lane = tx.execute(_LANE, {"lane": taken.id}).one()
    gate = gates.gate(tx, house, taken.partner, now=now)
    if gate.closed is not None and taken.kind is Lane.ROUTINE:
        return None
    flying = batches.unanswered(tx, taken.id)
    if flying is not None:
        again = drafts.select_again(tx, house, gate, flying)
        too_large = flying.announcements + flying.withdrawals > lane.batch_max
        if not (flying.stale or again.untrue or too_large):
            return None
        return _made(house, lane, gate, again, now=now, reissue_of=flying)
    chosen = drafts.select_next(tx, house, lane, gate, limit=_limit(tx, lane, now))
    if chosen.asides:
        return chosen
    if not (chosen.lines or chosen.withdrawals):
        return None
    return _made(house, lane, gate, chosen, now=now)


def _limit(tx: Connection, lane: Row[Any], now: datetime) -> int:
    """What the next batch may hold. A routine batch of thousands keeps the processor for half a
    second and its locks for a good part of that; while withdrawals and bad news are coming, for any
    partner, they would wait behind each other's thousands. So it is small then, and grows again.
    """
    limit: int = lane.batch_max
    if lane.kind == Lane.ROUTINE:
        urgent = tx.scalar(_URGENT_SERVED, {"kind": Lane.URGENT})
        for lasts, most in HASTE:
            if urgent is not None and urgent > now - lasts:
                return min(limit, most)
    return limit


def _made(
    house: House,
    lane: Row[Any],
    gate: Gate,
    chosen: Selection,
    *,
    now: datetime,
    reissue_of: Batch | None = None,
) -> Draft | TooMuch:
    limit = None if reissue_of is None else lane.batch_max
    try:
        return drafts.make(house, lane, gate, chosen, now=now, reissue_of=reissue_of, limit=limit)
    except BadDocument as error:
        if error.code not in {"MRX-2301", "MRX-2304"}:
            raise
        return TooMuch(chosen)


def take_less(tx: Connection, house: House, taken: Taken, much: TooMuch, *, now: datetime) -> None:
    """Halve what a batch of this lane may hold; one announcement that is too much alone waits."""
    flying = batches.unanswered(tx, taken.id)
    now_max = tx.scalar(select(lanes.c.batch_max).where(lanes.c.id == taken.id))
    size = min(len(much.chosen.lines) + len(much.chosen.withdrawals), now_max or 1)
    if size > 1:
        _halve(tx, taken, size)
    elif flying is not None and much.chosen.lines:
        ref = much.chosen.lines[0].tell.record.ref
        outcomes.blocked(
            tx, taken.partner, refusals.choke(tx, house, flying, ref, now=now), now=now
        )
    else:
        for line in much.chosen.lines[:1]:
            pending.block(tx, taken.partner, line.account, "MRX-2107")
            outcomes.blocked(tx, taken.partner, [Blocked(line.account, "MRX-2107")], now=now)


def shrink(tx: Connection, house: House, taken: Taken, batch: Batch, *, now: datetime) -> None:
    """The partner said "too large": its next issue says half, or goes without the one it chokes on."""
    size = batch.announcements + batch.withdrawals
    choked: list[Blocked] = []
    if size > 1:
        _halve(tx, taken, size)
    elif batch.announcements:
        (said,) = (one.ref for one in batches.notices(tx, batch.id) if one.dropped_issue is None)
        choked = refusals.choke(tx, house, batch, said, now=now)
    tx.execute(update(batches_).where(batches_.c.id == batch.id).values(stale=True))
    outcomes.blocked(tx, taken.partner, choked, now=now)


def _halve(tx: Connection, taken: Taken, size: int) -> None:
    tx.execute(update(lanes).where(lanes.c.id == taken.id).values(batch_max=size // 2))


def set_aside(
    tx: Connection, house: House, taken: Taken, chosen: Selection, *, now: datetime
) -> None:
    """Write down why some rows are not told. A pair that changed meanwhile is left alone."""
    gate = gates.gate(tx, house, taken.partner, now=now)
    accounts = [aside.pair.account for aside in chosen.asides]
    found = tx.execute(_QUEUED, {"whose": taken.partner, "lane": taken.id, "accounts": accounts})
    now_so: dict[str, Basis] = {row.account: basis(row, gate) for row in found}
    still = [one for one in chosen.asides if now_so.get(one.pair.account) == one.basis]
    done = [one.pair.account for one in still if isinstance(one.judgement, Nothing)]
    pending.drop(tx, taken.partner, done)
    blocks = [(one.pair, one.judgement) for one in still if isinstance(one.judgement, Block)]
    left = pending.hold_back(tx, taken.partner, blocks, now=now)
    outcomes.blocked(tx, taken.partner, left, now=now)
