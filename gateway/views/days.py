"""The last thirty days of every partner, a mark a day.

    settled    some batch was settled
    mixed      ... and attempts for another, which was still open at midnight, failed
    failed     nothing was settled, and attempts failed or a batch was refused
    nothing    nothing was sent, or what was sent is still on its way

One statement for all partners and days. Each cell is a few probes of an index, however many batches
there are: what was closed on that day; and of the batch that was closed next after it, and of the
one that is open now, whether an attempt fell on the day and failed.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    true,
    type_coerce,
)

from outbox.batch import UNANSWERED
from schemas.tables import Big, attempts, batches, lanes, stored

DAYS: Final = 30
_LENGTH: Final = timedelta(days=1) // timedelta(microseconds=1)


class Mark(StrEnum):
    SETTLED = "settled"
    MIXED = "mixed"
    FAILED = "failed"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Day:
    """A day, UTC, and its mark."""

    day: date
    mark: Mark


def strips(tx: Connection, *, now: datetime, only: str | None = None) -> dict[str, tuple[Day, ...]]:
    """The thirty days of every partner, or of one: the oldest first, the last one is today."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    first = today - timedelta(days=DAYS - 1)
    which = {"first": stored(first)} | ({} if only is None else {"only": only})
    found: dict[str, list[Day]] = {}
    for row in tx.execute(_ALL if only is None else _ONE, which):
        day = (first + timedelta(days=row.n)).date()
        found.setdefault(row.partner, []).append(Day(day, _mark(row)))
    return {partner: tuple(days) for partner, days in found.items()}


def _mark(row: Row[Any]) -> Mark:
    if row.settled:
        return Mark.MIXED if row.hung else Mark.SETTLED
    return Mark.FAILED if row.closed or row.hung else Mark.NOTHING


def _cells(*those: ColumnElement[bool]) -> Select[Any]:
    """A row for each partner and day: was something settled, was something closed, did an attempt
    for what was open at its end fail.
    """
    counted = select(literal(0, Big).label("n")).cte("days", recursive=True)
    days = counted.union_all(select(counted.c.n + 1).where(counted.c.n < DAYS - 1))
    begins = bindparam("first", type_=Big) + days.c.n * _LENGTH
    ends = begins + _LENGTH
    ours, closed_at = batches.c.lane_id == lanes.c.id, type_coerce(batches.c.closed_at, Big)
    # Read from the batch's few attempts: so written that no index of all attempts answers it.
    began_at = type_coerce(attempts.c.began_at, Big) + 0
    closed = and_(ours, closed_at >= begins, closed_at < ends)
    next_closed = (
        select(batches.c.id).where(ours, closed_at >= ends).order_by(batches.c.closed_at).limit(1)
    )
    sent_by_then = type_coerce(batches.c.first_sent_at, Big) < ends
    open_now = select(batches.c.id).where(ours, UNANSWERED, sent_by_then)
    fell = and_(
        began_at >= begins,
        began_at < ends,
        attempts.c.outcome.not_in(("receipt", "handed over")),  # NULL: it is being made
    )
    # The first one tells nearly always: the others are looked at only if it was not settled.
    first = select(batches.c.state).where(closed).order_by(batches.c.closed_at).limit(1)
    state = first.correlate(lanes, days).scalar_subquery()
    settled = exists().where(closed, batches.c.state == "settled").correlate(lanes, days)
    hung = or_(
        *(
            exists()
            .where(attempts.c.batch_id == one.correlate(lanes, days).scalar_subquery(), fell)
            .correlate(lanes, days)
            for one in (next_closed, open_now)
        )
    )
    return (
        select(
            lanes.c.partner,
            days.c.n,
            func.max(
                case((state == "settled", 1), (state.is_(None), 0), (settled, 1), else_=0)
            ).label("settled"),
            func.max(case((state.is_not(None), 1), else_=0)).label("closed"),
            func.max(case((hung, 1), else_=0)).label("hung"),
        )
        .select_from(lanes.join(days, true()))
        .where(*those)
        .group_by(lanes.c.partner, days.c.n)
        .order_by(lanes.c.partner, days.c.n)
    )


_ALL = _cells()
_ONE = _cells(lanes.c.partner == bindparam("only"))
