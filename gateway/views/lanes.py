"""Both lanes of each partner as they stand: what waits, what is in flight, and what goes wrong.

    waits       in no batch yet: announcements, withdrawals; the oldest since when
    in a batch  of the one in flight, and of those that arrived and are not applied yet
    trouble     since when nothing has come of the attempts, and the code of the last one

Everything is a probe of an index or a count that stops at a bound (`count.MOST`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Row,
    Select,
    and_,
    bindparam,
    func,
    literal,
    select,
)

from gateway.views import troubles
from gateway.views.count import MOST, NONE, Count, bound
from gateway.views.troubles import Trouble
from outbox import withdrawals
from outbox.batch import State
from outbox.pending import RANK_NEWS
from schemas.batch import Lane as Kind
from schemas.tables import Moment, batches, lanes, pending

_LETTERS: Final = {Kind.ROUTINE: "a", Kind.URGENT: "w"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Flying:
    """The one batch of a lane that is not answered."""

    id: int
    name: str
    number: int
    issue: int
    state: State
    attempts: int
    announcements: int
    withdrawals: int
    first_sent_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One lane. `announcements` and `withdrawals` are in no batch; `in_batch` counts those that
    are, `withdrawals_in_batch` the withdrawals among them. `oldest` is the first change among all
    of these that is not confirmed, `oldest_past_gate` the first that no closed gate holds back.
    `arrived` batches were received and are not applied yet. `next_try` is in the future, or None:
    it may be worked now, and has been left alone since `due_since`.
    """

    id: int
    partner: str
    kind: Kind
    state: str
    paused_by: str | None
    paused_at: datetime | None
    pause_reason: str | None
    batch_max: int
    failures: int
    trouble: Trouble | None
    next_try: datetime | None
    due_since: datetime
    served_at: datetime
    leased: bool
    flying: Flying | None
    arrived: int
    arrived_since: datetime | None
    announcements: Count
    withdrawals: Count
    in_batch: Count
    withdrawals_in_batch: int
    oldest: datetime | None
    oldest_past_gate: datetime | None
    last_success: datetime | None

    @property
    def works(self) -> bool:
        """Whether anything waits or is in flight."""
        return bool(self.announcements or self.withdrawals or self.flying)


def name(kind: Kind | str, number: int) -> str:
    """A batch as people call it: a412 of the routine lane, w38 of the urgent one."""
    return f"{_LETTERS[Kind(kind)]}{number}"


def every(tx: Connection, *, now: datetime, only: str | None = None) -> dict[str, tuple[Lane, ...]]:
    """The lanes of every partner, or of one: the urgent one first."""
    most = bound(only)
    which = {"stop": most + 1} | ({} if only is None else {"only": only})
    rows: Sequence[Row[Any]] = tx.execute(_LANES if only is None else _LANES_OF_ONE, which).all()
    opened: dict[int, list[Any]] = {}
    unclosed = tx.execute(_OPEN, {"lanes": [row.id for row in rows]}).all()
    for one in unclosed:
        opened.setdefault(one.lane_id, []).append(one)
    loads = _loads(tx, opened)
    found: dict[str, list[Lane]] = {}
    wrong = troubles.of(tx, [row for row in rows if row.failures])
    for row in rows:
        trouble = wrong.get(row.id)
        made = _lane(row, opened.get(row.id, ()), loads, trouble, most, now=now)
        found.setdefault(row.partner, []).append(made)
    return {partner: tuple(both) for partner, both in found.items()}


# -- what waits, lane by lane ----------------------------------------------------------------------

_STOP = bindparam("stop", type_=Integer)
_WAITS = and_(
    pending.c.lane_id == lanes.c.id, pending.c.batch_id.is_(None), pending.c.blocked.is_(None)
)


def how_many(rank: int) -> ColumnElement[int]:
    """How many of a rank wait in a lane, in no batch: up to the parameter `stop`."""
    # In the order of their index, so that no statistics talk PostgreSQL into reading the table.
    some = select(literal(1)).where(_WAITS, pending.c.rank == rank).order_by(pending.c.since)
    counted = select(func.count()).select_from(some.limit(_STOP).correlate(lanes).subquery())
    return counted.scalar_subquery()


def first(rank: int) -> ColumnElement[Any]:
    """Since when the first of them waits."""
    found = select(pending.c.since).where(_WAITS, pending.c.rank == rank)
    ordered = found.order_by(pending.c.lane_id, pending.c.rank, pending.c.since).limit(1)
    return ordered.correlate(lanes).scalar_subquery()


_SETTLED = (
    select(batches.c.closed_at)
    .where(
        batches.c.lane_id == lanes.c.id,
        batches.c.closed_at.is_not(None),
        batches.c.state == "settled",
    )
    .order_by(batches.c.lane_id.desc(), batches.c.closed_at.desc())
    .limit(1)
    .correlate(lanes)
    .scalar_subquery()
)
_LANES = select(
    lanes,
    how_many(RANK_NEWS).label("announcements"),
    how_many(withdrawals.RANK).label("withdrawals"),
    first(RANK_NEWS).label("first_news"),
    first(withdrawals.RANK).label("first_withdrawal"),
    _SETTLED.label("last_success"),
).order_by(lanes.c.partner, lanes.c.rank)
_LANES_OF_ONE = _LANES.where(lanes.c.partner == bindparam("only"))

# -- what is in batches ----------------------------------------------------------------------------

# In flight, and arrived but not applied: none of them is closed.
_OPEN: Select[Any] = (
    select(
        batches.c.lane_id,
        batches.c.id,
        batches.c.number,
        batches.c.issue,
        batches.c.state,
        batches.c.attempts,
        batches.c.announcements,
        batches.c.withdrawals,
        batches.c.first_sent_at,
    )
    .where(batches.c.lane_id.in_(bindparam("lanes", expanding=True)), batches.c.closed_at.is_(None))
    .order_by(batches.c.lane_id, batches.c.id)
)
_LOADS: Select[Any] = (
    select(
        pending.c.batch_id,
        func.count().label("n"),
        func.min(pending.c.since, type_=Moment()).label("since"),
    )
    .where(pending.c.batch_id.in_(bindparam("these", expanding=True)))
    .group_by(pending.c.batch_id)
)


def _loads(tx: Connection, opened: Mapping[int, Sequence[Row[Any]]]) -> dict[int, Row[Any]]:
    """What is still pending of open batches, the oldest of each lane, as far as `MOST` goes."""
    these: list[int] = []
    for rows in opened.values():
        room = MOST
        for row in rows:
            room -= row.announcements + row.withdrawals
            if these and room < 0:
                break
            these.append(row.id)
    return {row.batch_id: row for row in tx.execute(_LOADS, {"these": these})} if these else {}


def _lane(
    row: Row[Any],
    opened: Sequence[Row[Any]],
    loads: Mapping[int, Row[Any]],
    trouble: Trouble | None,
    most: int,
    *,
    now: datetime,
) -> Lane:
    arrived = [one for one in opened if one.state == State.RECEIVED]
    flying = [one for one in opened if one.state != State.RECEIVED]
    counted = [loads[one.id] for one in opened if one.id in loads]
    left_out = sum(one.announcements + one.withdrawals for one in opened) > MOST
    past_gate = _earliest([row.first_withdrawal, *(one.since for one in counted)])
    return Lane(
        id=row.id,
        partner=row.partner,
        kind=Kind(row.kind),
        state="paused" if row.paused else "failing" if row.trips else "open",
        paused_by=row.paused_by,
        paused_at=row.paused_at,
        pause_reason=row.pause_reason,
        batch_max=row.batch_max,
        failures=row.failures,
        trouble=trouble,
        next_try=row.look_at if row.look_at > now else None,
        due_since=max(row.look_at, row.served_at),
        served_at=row.served_at,
        leased=row.leased_until > now,
        flying=_flying(row.kind, flying[0]) if flying else None,
        arrived=len(arrived),
        arrived_since=_earliest(one.first_sent_at for one in arrived),
        announcements=Count.of(row.announcements, most),
        withdrawals=Count.of(row.withdrawals, most),
        in_batch=Count(sum(one.n for one in counted), left_out) if counted else NONE,
        withdrawals_in_batch=sum(one.withdrawals for one in opened),
        oldest=_earliest([row.first_news, past_gate]),
        oldest_past_gate=past_gate,
        last_success=row.last_success,
    )


def _flying(kind: str, row: Row[Any]) -> Flying:
    return Flying(
        id=row.id,
        name=name(kind, row.number),
        number=row.number,
        issue=row.issue,
        state=State(row.state),
        attempts=row.attempts,
        announcements=row.announcements,
        withdrawals=row.withdrawals,
        first_sent_at=row.first_sent_at,
    )


def _earliest(moments: Iterable[datetime | None]) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)
