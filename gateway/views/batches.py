"""Our batches, the newest first.

Each state is found where it is: what is in flight by its index, one a lane; what arrived and is not
applied among what is not closed; what was refused by an index of its own. Nearly all others are
settled, so those are met wherever one looks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import CompoundSelect, Connection, Select, false, select, text, union_all

from outbox import batch as batches_
from outbox.batch import ANSWERED, UNANSWERED, Batch, State
from schemas.batch import Lane
from schemas.tables import batches, lanes

_IN_FLIGHT: Final = frozenset(State) - ANSWERED


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A page of batches. `next` is the id to go on after, None at the end."""

    batches: Sequence[Batch]
    next: int | None


def listed(
    tx: Connection,
    *,
    partner: str | None = None,
    lane: Lane | None = None,
    state: State | None = None,
    before: int | None = None,
    limit: int,
) -> Listed:
    """Batches, the newest first, those older than `before`."""
    which = list(tx.scalars(_lanes(partner, lane))) if partner or lane else None
    ids = sorted(tx.scalars(_ids(which, state, before, limit + 1)), reverse=True)
    shown = ids[:limit]
    further = shown[-1] if len(ids) > limit else None
    return Listed(batches=batches_.some(tx, shown), next=further)


def of_states(
    tx: Connection,
    states: frozenset[State],
    *,
    partner: str | None = None,
    before: int | None = None,
    limit: int,
) -> Listed:
    """The same of several states together."""
    if states == frozenset(State):
        return listed(tx, partner=partner, before=before, limit=limit)
    pages = [
        listed(tx, partner=partner, state=state, before=before, limit=limit)
        for state in sorted(states)
    ]
    # Below the end of any state's page there may be others of it, before those that were found.
    floor = max((page.next for page in pages if page.next is not None), default=None)
    found = [one for page in pages for one in page.batches if floor is None or one.id >= floor]
    found.sort(key=lambda one: -one.id)
    further = found[limit - 1].id if len(found) > limit else floor
    return Listed(batches=found[:limit], next=further)


def _lanes(partner: str | None, lane: Lane | None) -> Select[Any]:
    query = select(lanes.c.id)
    if partner is not None:
        query = query.where(lanes.c.partner == partner)
    if lane is not None:
        query = query.where(lanes.c.kind == lane.value)
    return query


def _ids(
    which: Sequence[int] | None, state: State | None, before: int | None, limit: int
) -> Select[Any] | CompoundSelect[Any]:
    """The statement that finds them; `which` are the lanes to look in, None for all."""
    query = select(batches.c.id)
    if before is not None:
        query = query.where(batches.c.id < before)
    if state in _IN_FLIGHT or state is State.RECEIVED:
        # By the index of each lane: there are few of them, wherever they are.
        open_ = UNANSWERED if state in _IN_FLIGHT else batches.c.closed_at.is_(None)
        query = query.join(lanes, lanes.c.id == batches.c.lane_id)
        query = query.where(open_, batches.c.state == state.value)
        return query if which is None else query.where(lanes.c.id.in_(which))
    newest = query.order_by(batches.c.id.desc()).limit(limit)
    if state is State.REFUSED:
        newest = newest.where(_REFUSED)
        return newest if which is None else newest.where(batches.c.lane_id.in_(which))
    if state is not None:
        newest = newest.where(batches.c.state == state.value)
    if not which:
        return newest if which is None else newest.where(false())
    # The newest of each lane by its index, and of those the newest: one statement for them all.
    each = (newest.where(batches.c.lane_id == one).subquery() for one in which)
    return union_all(*(select(one.c.id) for one in each))


# As its index has it: SQLite matches a partial index when it prepares the statement.
_REFUSED = text("batches.state = 'refused'")
