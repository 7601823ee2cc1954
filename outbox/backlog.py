"""What is left to deliver, lane by lane, and whether working the lanes would make it less.

Only partners we push to are looked at: one that pulls decides for itself when.

    may leave       withdrawals always; announcements while the lane is not paused and the gate open
    held back       the rest of what waits, and the batch in flight of a lane that may not send
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, exists, func, select

from outbox import gate as gates
from outbox.batch import UNANSWERED
from outbox.house import House
from outbox.lane import reachable
from outbox.withdrawals import ANNOUNCE
from schemas.batch import Lane
from schemas.tables import batches, lanes, pending


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What is left of one lane.

    `may_leave` counts rows that are in no batch yet, `unanswered` says that a batch is in flight,
    `leased` that somebody works the lane now. `held_back` is `paused` or the gate's code while
    nothing at all may leave on this lane.
    """

    partner: str
    lane: str
    may_leave: int
    unanswered: bool
    leased: bool
    held_back: str | None

    @property
    def settled(self) -> bool:
        """Whether nothing is unanswered, nothing that may leave waits, and nobody is at work."""
        return not (self.may_leave or self.unanswered or self.leased)

    @property
    def stuck(self) -> bool:
        """Whether something is open that no delivering can change."""
        return self.unanswered and self.held_back is not None and not self.leased


def left(tx: Connection, house: House, *, now: datetime, only: str | None = None) -> list[Left]:
    """Every lane that we push on, urgent first, and what is left of it."""
    flying = exists().where(batches.c.lane_id == lanes.c.id, UNANSWERED).label("flying")
    query = select(lanes, flying).where(reachable()).order_by(lanes.c.rank, lanes.c.partner)
    if only is not None:
        query = query.where(lanes.c.partner == only)
    announces = (pending.c.ref == ANNOUNCE).label("announces")
    counted = (
        select(pending.c.lane_id, announces, func.count().label("n"))
        .where(pending.c.batch_id.is_(None), pending.c.blocked.is_(None))
        .group_by(pending.c.lane_id, announces)
    )
    waiting = {(row.lane_id, bool(row.announces)): row.n for row in tx.execute(counted)}
    found = []
    for row in tx.execute(query).all():
        gate = gates.gate(tx, house, row.partner, now=now)
        obstacle = "paused" if row.paused else gate.closed
        announcements = waiting.get((row.id, True), 0)
        withdrawals = waiting.get((row.id, False), 0)
        work = row.flying or announcements or withdrawals
        found.append(
            Left(
                partner=row.partner,
                lane=row.kind,
                may_leave=withdrawals + (announcements if obstacle is None else 0),
                unanswered=bool(row.flying),
                leased=bool(work) and row.leased_until > now,
                held_back=obstacle if row.kind == Lane.ROUTINE else None,
            )
        )
    return found
