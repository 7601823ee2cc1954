"""What a lane would send next, if it may: a draft, or what has to be set aside before one is made.

in flight, and still true      nothing to draft: the same bytes go again
in flight, and not true        a draft of its next issue
rows that cannot be told       they are set aside, each with its reason, and one looks again
rows that can                  a draft of the next number
"""

from datetime import datetime

from sqlalchemy import Connection, select

from outbox import batch as batches
from outbox import draft as drafts
from outbox import gate as gates
from outbox import pending
from outbox.candidate import Basis, Nothing, basis, facts
from outbox.draft import Draft, Selection
from outbox.house import House
from outbox.lane import Taken
from schemas.batch import Lane
from schemas.tables import lanes
from schemas.tables import pending as rows


def plan(tx: Connection, house: House, taken: Taken, *, now: datetime) -> Draft | Selection | None:
    """A draft; or a selection whose asides must be set aside first; or None, and `release` will
    say what that means.
    """
    lane = tx.execute(select(lanes).where(lanes.c.id == taken.id)).one()
    gate = gates.gate(tx, house, taken.partner, now=now)
    if gate.closed is not None and taken.kind is Lane.ROUTINE:
        return None
    flying = batches.unanswered(tx, taken.id)
    if flying is not None:
        again = drafts.select_again(tx, house, gate, flying)
        too_large = flying.announcements + flying.withdrawals > lane.batch_max
        if not (flying.stale or again.asides or too_large):
            return None
        return drafts.make(
            house, lane, gate, again, now=now, reissue_of=flying, limit=lane.batch_max
        )
    chosen = drafts.select_next(tx, house, lane, gate, limit=lane.batch_max)
    if chosen.asides:
        return chosen
    if not (chosen.lines or chosen.withdrawals):
        return None
    return drafts.make(house, lane, gate, chosen, now=now)


def set_aside(
    tx: Connection, house: House, taken: Taken, chosen: Selection, *, now: datetime
) -> None:
    """Write down why some rows are not told. A pair that changed meanwhile is left alone."""
    gate = gates.gate(tx, house, taken.partner, now=now)
    query = facts(rows, rows.c.partner, rows.c.account).where(
        rows.c.lane_id == taken.id,
        rows.c.batch_id.is_(None),
        rows.c.blocked.is_(None),
        rows.c.ref == pending.ANNOUNCE,
        rows.c.account.in_([aside.row.account for aside in chosen.asides]),
    )
    now_so: dict[str, Basis] = {row.account: basis(row, gate) for row in tx.execute(query)}
    for aside in chosen.asides:
        if now_so.get(aside.row.account) != aside.basis:
            continue
        if isinstance(aside.judgement, Nothing):
            pending.drop(tx, aside.row.partner, aside.row.account)
        else:
            pending.apply_block(tx, aside.row, aside.judgement, now=now)
