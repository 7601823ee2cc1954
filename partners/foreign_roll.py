"""The rolls of the other programmes: their members, as they last described them to us.

    (unknown) --announced--> live --announced, newer version--> live
                              |
                          withdrawn --> tombstone: everything erased but the ref, for good

An announcement with an older version, or of a withdrawn ref, is ignored whenever it arrives; so
applying anything twice, or in another order, ends the same.

The row of `foreign_rolls` is the lock of all that belongs to one roll: its members, their
identifiers, the sums of what we hold, what waits for a person. Whoever changes any of it calls
`lock` first; the head of the ledger is locked after everything else (`partners.foreign_feed`).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    bindparam,
    case,
    exists,
    literal,
    or_,
    select,
    update,
)

from partners import agreements, foreign_feed
from schemas.database import upsert
from schemas.tables import Flag, Moment, foreign_members, foreign_rolls, inbound_named

DAY = timedelta(hours=24)

_r = foreign_rolls.c
_MINE = _r.programme == bindparam("of")
_WAITING = exists().where(inbound_named.c.partner == _r.programme)
_LOCK = (
    select(foreign_rolls, _WAITING.label("waiting")).where(_MINE).with_for_update(of=foreign_rolls)
)
_SIZE = select(_r.size).where(_MINE)
_NOW = bindparam("now", type_=Moment())
_MEASURE = update(foreign_rolls).where(_MINE).values(baseline=_r.size, baseline_at=_NOW)
_HEARD = (
    update(foreign_rolls)
    .where(_MINE, or_(_r.heard_at.is_(None), _r.heard_at < _NOW))
    .values(heard_at=_NOW)
)
_KEEP = (
    update(foreign_rolls)
    .where(_MINE)
    .values(
        size=bindparam("members"),
        as_of=bindparam("newest", type_=Moment()),
        heard_at=bindparam("last", type_=Moment()),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A roll as a whole. `as_of` is when the newest applied batch was written, `heard_at` when
    its partner last said anything signed. A day's changes are measured against `baseline`, the
    size at the beginning of that day. `waiting`: a batch of it waits for a person.
    """

    size: int
    as_of: datetime | None
    heard_at: datetime | None
    baseline: int
    waiting: bool

    def heard(self, now: datetime) -> "Standing":
        """The same after the partner has said something new, signed."""
        return replace(self, heard_at=_later(self.heard_at, now))

    def described(self, as_of: datetime) -> "Standing":
        """The same after a batch written at that time was applied; the newest one counts."""
        return replace(self, as_of=_later(self.as_of, as_of))


def lock(tx: Connection, programme: str, *, now: datetime) -> Standing:
    """Lock one roll until the end of the transaction. A new day measures against today's size."""
    row = tx.execute(_LOCK, {"of": programme}).one_or_none()
    if row is None:
        _begin(tx, programme, now)
        row = tx.execute(_LOCK, {"of": programme}).one()
    baseline = row.baseline
    if row.baseline_at is None or now - row.baseline_at >= DAY:
        baseline = row.size
        measure_anew(tx, programme, now=now)
    return Standing(
        size=row.size,
        as_of=row.as_of,
        heard_at=row.heard_at,
        baseline=baseline,
        waiting=row.waiting,
    )


def keep(tx: Connection, programme: str, standing: Standing) -> None:
    """Write how a roll stands now; the caller has locked it, and changed what `lock` gave."""
    said = {"members": standing.size, "newest": standing.as_of, "last": standing.heard_at}
    tx.execute(_KEEP, {"of": programme, **said})


def measure_anew(tx: Connection, programme: str, *, now: datetime) -> None:
    """From now on changes are measured against the present size: a person has seen it."""
    tx.execute(_MEASURE, {"of": programme, "now": now})


def heard(tx: Connection, programme: str, now: datetime) -> None:
    """The partner has said something new, signed: a receipt, a request.

    Call it before anything of the same transaction is added to the ledger (the order of locks).
    """
    said = {"of": programme, "now": now}
    if tx.execute(_HEARD, said).rowcount == 0:  # the first word, or one from before the last
        _begin(tx, programme, now)
        tx.execute(_HEARD, said)


def cover_anew(tx: Connection, programme: str, *, now: datetime) -> int:
    """The agreement's coverage has changed: say of each member anew whether it is covered, and
    return of how many that is now something else.
    """
    lock(tx, programme, now=now)
    coverage = agreements.get(tx, programme).coverage
    inside = foreign_members.c.category.in_(sorted(coverage or ()))
    yes, no = literal(True, Flag()), literal(False, Flag())
    covered = yes if coverage is None else case((inside, yes), else_=no)
    live = (foreign_members.c.programme == programme) & foreign_members.c.gone_at.is_(None)
    other = foreign_members.c.covered != covered
    changed = tx.scalars(select(foreign_members.c.ref).where(live, other)).all()
    tx.execute(update(foreign_members).where(live, other).values(covered=covered))
    foreign_feed.move(tx, programme, changed)
    return len(changed)


def size(tx: Connection, programme: str) -> int:
    """How many live members the roll has."""
    return tx.scalar(_SIZE, {"of": programme}) or 0


def every(tx: Connection, programme: str) -> Iterable[Row[Any]]:
    """The live members, by ref, row by row; also those the arrangement does not cover."""
    where = (foreign_members.c.programme == programme) & foreign_members.c.gone_at.is_(None)
    query = select(foreign_members).where(where).order_by(foreign_members.c.ref)
    return tx.execute(query.execution_options(yield_per=1_000))


def _begin(tx: Connection, programme: str, now: datetime) -> None:
    row = {"programme": programme, "size": 0, "baseline": 0, "baseline_at": now}
    into = upsert(tx, foreign_rolls)
    tx.execute(into.on_conflict_do_nothing(index_elements=["programme"]), row)


def _later(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else max(one, other)
