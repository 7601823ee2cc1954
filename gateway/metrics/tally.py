"""Counters: what happened so far. Each batch is counted once, when it is closed and a little old.

    ....................................|.................|
     old: counted once, and remembered   the last minutes: counted at every look
           └ open: not closed yet, counted at every look until they are

A look after the first costs what the last minutes hold, however many years lie before. What is
remembered is a sum over rows that change no more; a process that starts counts them anew, some
thousand batches a transaction, and comes to the same. Batches are looked at by their number; one
that was sealed by a transaction that takes long may appear behind a later number: hence the minutes.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, bindparam, case, func, select, type_coerce

from gateway.metrics.catalogue import BY_NAME
from schemas.tables import Big, attempts, batch_notices, batches

# Longer than any transaction may take (schemas.postgresql).
SETTLED_AFTER: Final = timedelta(minutes=5)
AT_ONCE: Final = 2_000
BOUNDS: Final = BY_NAME["mrx_delivery_duration_seconds"].bounds
_CLOSED: Final = ("settled", "refused")
_SECOND: Final = 1_000_000
# A sum, so that SQLite does not walk an index of all lanes to have them in order.
_LANE: Final = (batches.c.lane_id + 0).label("lane_id")


@dataclass(slots=True)
class Counts:
    """Sums by lane. `attempts` is by (lane, outcome, code, bucket), `lasted` their microseconds."""

    batches: Counter[tuple[int, str]] = field(default_factory=Counter)
    notices: Counter[tuple[int, str]] = field(default_factory=Counter)
    attempts: Counter[tuple[int, str, str, int]] = field(default_factory=Counter)
    lasted: Counter[int] = field(default_factory=Counter)

    def add(self, other: "Counts") -> None:
        self.batches += other.batches
        self.notices += other.notices
        self.attempts += other.attempts
        self.lasted += other.lasted

    def and_also(self, other: "Counts") -> "Counts":
        """Both together, as something new."""
        both = Counts()
        both.add(self)
        both.add(other)
        return both


class Tally:
    """What one process has counted. Not safe to share between threads."""

    def __init__(self) -> None:
        self._upto = 0
        self._open: frozenset[int] = frozenset()
        self._counted = Counts()

    def catch_up(self, tx: Connection, *, now: datetime) -> bool:
        """Count some more of what is old; whether that was the last of it."""
        last = tx.scalar(_LAST, {"before": now - SETTLED_AFTER}) or 0
        if self._upto < last:
            until = min(last, self._upto + AT_ONCE)
            span = {"after": self._upto, "upto": until}
            self._counted.add(_count(tx, Which.OLD, span))
            self._open |= frozenset(tx.scalars(_OPEN, span))
            self._upto = until
        closed = frozenset[int]()
        if self._open:
            closed = frozenset(tx.scalars(_NOW_CLOSED, {"ids": list(self._open)}))
        if closed:
            self._counted.add(_count(tx, Which.NAMED, {"ids": list(closed)}))
            self._open -= closed
        return self._upto >= last

    def counts(self, tx: Connection) -> Counts:
        """All there is to count, once `catch_up` has said that it is done."""
        live = _count(tx, Which.NEW, {"after": self._upto})
        if self._open:
            live.add(_count(tx, Which.NAMED, {"ids": list(self._open)}))
        return self._counted.and_also(live)


class Which(Enum):
    """Which batches a statement counts."""

    OLD = auto()  # closed ones of a span
    NEW = auto()  # all after it
    NAMED = auto()  # these


def _count(tx: Connection, which: Which, of: dict[str, Any]) -> Counts:
    found = Counts()
    for row in tx.execute(_batches(which), of):
        found.batches[row.lane_id, row.state] += row.n
    for row in tx.execute(_notices(which), of):
        found.notices[row.lane_id, row.outcome] += row.n
    for row in tx.execute(_attempts(which), of):
        found.attempts[row.lane_id, row.outcome or "", row.code or "", row.bucket] += row.n
        found.lasted[row.lane_id] += int(row.lasted)
    return found


def _chosen(which: Which, number: ColumnElement[int]) -> ColumnElement[bool]:
    """That this batch number is meant. Said of each table that is read, and not of one alone:
    PostgreSQL would take two thousand batches for a reason to read all notices there ever were.
    """
    after = number > bindparam("after", type_=Big)
    match which:
        case Which.OLD:
            return after & (number <= bindparam("upto", type_=Big))
        case Which.NEW:
            return after
        case Which.NAMED:
            return number.in_(bindparam("ids", expanding=True, type_=Big))


def _old(which: Which) -> list[ColumnElement[bool]]:
    return [batches.c.state.in_(_CLOSED)] if which is Which.OLD else []


@cache
def _batches(which: Which) -> Select[Any]:
    return (
        select(_LANE, batches.c.state, func.count().label("n"))
        .where(_chosen(which, batches.c.id), batches.c.state.in_(_CLOSED))
        .group_by(_LANE, batches.c.state)
    )


@cache
def _notices(which: Which) -> Select[Any]:
    return (
        select(_LANE, batch_notices.c.outcome, func.count().label("n"))
        .join(batch_notices, batch_notices.c.batch_id == batches.c.id)
        .where(
            _chosen(which, batches.c.id),
            _chosen(which, batch_notices.c.batch_id),
            *_old(which),
            batch_notices.c.outcome.is_not(None),
        )
        .group_by(_LANE, batch_notices.c.outcome)
    )


@cache
def _attempts(which: Which) -> Select[Any]:
    took = type_coerce(attempts.c.ended_at, Big) - type_coerce(attempts.c.began_at, Big)
    bucket = case(
        *((took <= int(bound * _SECOND), n) for n, bound in enumerate(BOUNDS)), else_=len(BOUNDS)
    ).label("bucket")
    by = (_LANE, attempts.c.outcome, attempts.c.code, bucket)
    return (
        select(*by, func.count().label("n"), func.sum(took).label("lasted"))
        .select_from(batches)
        .join(attempts, attempts.c.batch_id == batches.c.id)
        .where(
            _chosen(which, batches.c.id),
            _chosen(which, attempts.c.batch_id),
            *_old(which),
            attempts.c.ended_at.is_not(None),
        )
        .group_by(*by)
    )


_LAST = (
    select(batches.c.id)
    .where(batches.c.sealed_at < bindparam("before", type_=batches.c.sealed_at.type))
    .order_by(batches.c.id.desc())
    .limit(1)
)
_OPEN = select(batches.c.id).where(
    batches.c.id > bindparam("after"),
    batches.c.id <= bindparam("upto"),
    batches.c.state.not_in(_CLOSED),
)
_NOW_CLOSED = select(batches.c.id).where(
    batches.c.id.in_(bindparam("ids", expanding=True)), batches.c.state.in_(_CLOSED)
)
