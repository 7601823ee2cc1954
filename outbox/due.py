"""Lanes that are due and free: which ones, and since which taking.

One indexed read, whatever the backlog. A lane whose holder died is due again when its lease is
over; nobody has to notice the death.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from outbox import lane, worker_name
from schemas.batch import Lane
from schemas.tables import lanes


@dataclass(frozen=True, slots=True)
class Due:
    """A lane that may be taken now. The same `fence` later: nobody has taken it in between."""

    partner: str
    kind: Lane
    fence: int


def every(tx: Connection, *, now: datetime) -> list[Due]:
    """All lanes that may be taken, the most urgent and longest unserved first."""
    found = tx.execute(_EVERY, {"now": now})
    return [Due(row.partner, Lane(row.kind), row.fence) for row in found]


_NOW = bindparam("now", type_=lanes.c.look_at.type)
_EVERY = (
    select(lanes.c.partner, lanes.c.kind, lanes.c.fence)
    .where(lane.ready(_NOW))
    .order_by(lanes.c.rank, lanes.c.served_at, lanes.c.id)
)


def orphaned(tx: Connection) -> bool:
    """Whether a lane is leased to a process of this host that is dead: nobody need wait for the
    lease to end (`lane.bury`).
    """
    return any(worker_name.dead(holder.partition("/")[0]) for holder in tx.scalars(_HOLDERS))


_HOLDERS = select(lanes.c.leased_by).where(lanes.c.leased_by.is_not(None))
