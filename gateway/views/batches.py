"""Our batches, the newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Select, func, select

from outbox import batch as batches_
from outbox.batch import ANSWERED, UNANSWERED, Batch, State
from schemas.batch import Lane
from schemas.tables import batches, lanes

LOOKED_THROUGH: Final = 200_000
"""A page looks for a state in so many batches; the next page looks further."""

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
    newest = tx.scalar(_NEWEST) or 0
    top = newest + 1 if before is None else before
    floor = 0 if state is None or state in _IN_FLIGHT else max(0, top - LOOKED_THROUGH)
    found: list[int] = []
    for lane_id in _lanes(tx, partner, lane, every=state in _IN_FLIGHT):
        found += tx.scalars(_ids(lane_id, state, top=top, floor=floor, limit=limit + 1))
    ids = sorted(found, reverse=True)
    shown = ids[:limit]
    further = shown[-1] if len(ids) > limit else (floor or None)
    return Listed(batches=[batches_.get(tx, one) for one in shown], next=further)


def _lanes(
    tx: Connection, partner: str | None, lane: Lane | None, *, every: bool
) -> list[int | None]:
    """The lanes to look in. None is all of them at once; `every` names each, for their index of
    what is in flight leads to one row.
    """
    if partner is None and lane is None and not every:
        return [None]
    query = select(lanes.c.id)
    if partner is not None:
        query = query.where(lanes.c.partner == partner)
    if lane is not None:
        query = query.where(lanes.c.kind == lane.value)
    return list(tx.scalars(query))


def _ids(
    lane_id: int | None, state: State | None, *, top: int, floor: int, limit: int
) -> Select[Any]:
    """The statement that finds one lane's batches by its index; whatever lies beside is not read."""
    query = select(batches.c.id).where(batches.c.id < top)
    if floor:
        query = query.where(batches.c.id >= floor)
    if lane_id is not None:
        query = query.where(batches.c.lane_id == lane_id)
    if state is not None:
        query = query.where(batches.c.state == state.value)
        if state in _IN_FLIGHT:
            query = query.where(UNANSWERED)
    return query.order_by(batches.c.id.desc()).limit(limit)


_NEWEST = select(func.max(batches.c.id))
