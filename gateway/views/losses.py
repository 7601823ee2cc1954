"""The sums of one month over the times in which members had lost their benefits.

    losses --the month's and what still lasted--> clipped to each partner's month --> sums

Each partner's month has its own beginning and end, in its time zone. The database finds the rows by
their indexes, and sums them up without reading more than those: a month costs its own losses and
those that lasted into it, however many lie before.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    CTE,
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Connection,
    Integer,
    Row,
    Select,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    type_coerce,
    union_all,
)

from outbox.losses import CAUSES
from schemas import bulk
from schemas.calendar import Calendar
from schemas.database import once
from schemas.tables import Big, Moment, Words, is_set, losses, stored

_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """One partner's month; `end` is `until`, or now."""

    partner: str
    calendar: Calendar
    since: datetime
    until: datetime
    end: datetime


@dataclass(slots=True, kw_only=True)
class Sums:
    """What is added up for one partner."""

    members: int = 0
    lasted: timedelta = timedelta()
    longest: timedelta = timedelta()
    open: int = 0
    outside: timedelta = timedelta()
    causes: dict[str, timedelta] = field(default_factory=lambda: dict.fromkeys(CAUSES, timedelta()))
    monthly: timedelta = timedelta()
    monthly_members: int = 0


def sums(
    tx: Connection, months: Sequence[Month], *, most: int
) -> tuple[dict[str, Sums], list[Row[Any]]]:
    """The sums of every partner, and those that lasted longest, at most so many: rows with partner,
    account, cause, since, ended_at, lasted. A month that has begun elsewhere, and not there, comes
    to nothing.
    """
    found = {one.partner: Sums() for one in months}
    longest = []
    asked = _asked(months)
    off = [
        (one.partner, stored(begins), stored(ends))
        for one in months
        for begins, ends in _days_off(one.calendar, one.since, one.until)
    ]
    for row in tx.execute(_exposures(tx), {**asked, "off": off, "most": most}):
        mine, lasted = found[row.partner], length(row.lasted)
        if row.what == _CAUSE:
            mine.lasted += lasted
            mine.causes[row.cause] += lasted
            mine.longest = max(mine.longest, length(row.longest))
            mine.open += int(row.n)
        elif row.what == _MEMBERS:
            mine.members = int(row.n)
        elif row.what == _OUTSIDE:
            mine.outside = lasted
        else:
            longest.append(row)
    for row in tx.execute(_monthly(tx), asked):
        mine = found[row.partner]
        mine.monthly, mine.monthly_members = length(row.lasted), row.members
    longest.sort(key=lambda row: (row.lasted, row.since), reverse=True)
    return found, longest


def length(microseconds: Any) -> timedelta:
    """As the database says it: PostgreSQL adds whole numbers up to decimal ones."""
    return int(microseconds or 0) * _MICROSECOND


@lru_cache(1_024)
def _days_off(
    calendar: Calendar, since: datetime, until: datetime
) -> list[tuple[datetime, datetime]]:
    """Of a whole month: what lies after `now` is clipped with the times themselves."""
    return calendar.days_off(since, until)


def _asked(months: Iterable[Month]) -> dict[str, Any]:
    begun = [
        (one.partner, stored(one.since), stored(one.end)) for one in months if one.end > one.since
    ]
    beginnings, ends = [one[1] for one in begun], [one[2] for one in begun]
    first, latest = min(beginnings, default=0), max(beginnings, default=0)
    return {"months": begun, "first": first, "latest": latest, "last": max(ends, default=0)}


# -- the statements --------------------------------------------------------------------------------

_l = losses.c
_since: ColumnElement[int] = type_coerce(_l.since, Big)
_ended: ColumnElement[int] = type_coerce(_l.ended_at, Big)
_listed: ColumnElement[int] = type_coerce(_l.listed_until, Big)


# The first and the last of the beginnings, and the last end: by them an index is entered, whichever
# partner's month it is.
_FIRST: BindParameter[int] = bindparam("first", type_=Big)
_LATEST: BindParameter[int] = bindparam("latest", type_=Big)
_LAST: BindParameter[int] = bindparam("last", type_=Big)
_CAUSE, _MEMBERS, _OUTSIDE, _LONGEST = "cause", "members", "outside", "longest"


def _months(tx: Connection) -> CTE:
    return bulk.given(tx, "months", {"partner": Words, "since": Big, "until": Big})


def _exposed(tx: Connection) -> CTE:
    """The times of exposure, clipped to the months: whoever could have a benefit in them. What
    began in the month, what began before it and ended in it or later, and what lasts.
    """
    months = _months(tx)
    there_then = and_(_since >= months.c.since, _since < months.c.until)
    began = and_(_since >= _FIRST, _since < _LAST, there_then)
    over = and_(_l.ended_at.is_not(None), _ended <= months.c.until)
    facts = (
        *(_l.partner, _l.account, _l.cause, _l.since, _l.ended_at),
        case((_since > months.c.since, _since), else_=months.c.since).label("begins"),
        case((over, _ended), else_=months.c.until).label("ends"),
        case((over, 0), else_=1).label("open"),
    )
    there = months.c.partner == _l.partner
    # A sum, so that SQLite does not walk all that ever began.
    before = and_(_since + 0 < _LATEST, _since + 0 < months.c.since)
    return (
        union_all(
            *(
                select(*facts).join(months, there).where(is_set(_l.may_hold), *which)
                for which in (
                    (began, or_(_l.ended_at.is_(None), _ended > _since)),
                    (before, _ended > _FIRST, _ended > months.c.since),
                    (before, _l.ended_at.is_(None)),
                )
            )
        )
        .cte("exposed")
        .prefix_with("MATERIALIZED")
    )


@once
def _exposures(tx: Connection) -> CompoundSelect[Any]:
    """The rows are found once and added up in four ways; `what` says in which."""
    exposed = _exposed(tx)
    e = exposed.c
    lasted = e.ends - e.begins
    off = bulk.given(tx, "off", {"partner": Words, "begins": Big, "ends": Big})
    begins = case((e.begins > off.c.begins, e.begins), else_=off.c.begins)
    ends = case((e.ends < off.c.ends, e.ends), else_=off.c.ends)
    there = and_(off.c.partner == e.partner, off.c.begins < e.ends, off.c.ends > e.begins)
    nobody, never, none = literal("", Words), cast(null(), Big), literal(0, Big)
    longest = (
        select(e.partner, e.cause, e.account, e.since, e.ended_at, lasted.label("lasted"))
        .order_by(lasted.desc(), e.since.desc(), e.account, e.partner)
        .limit(bindparam("most", type_=Integer))
        .subquery()
    )
    return union_all(
        _row(
            *(_CAUSE, e.partner, e.cause, nobody, never, never),
            *(func.sum(lasted), func.max(lasted), func.sum(e.open)),
        ).group_by(e.partner, e.cause),
        _row(
            *(_MEMBERS, e.partner, nobody, nobody, never, never),
            *(none, none, func.count(e.account.distinct())),
        ).group_by(e.partner),
        _row(
            *(_OUTSIDE, e.partner, nobody, nobody, never, never),
            *(func.sum(ends - begins), none, none),
        )
        .select_from(exposed.join(off, there))
        .group_by(e.partner),
        _row(
            *(_LONGEST, longest.c.partner, longest.c.cause, longest.c.account),
            *(longest.c.since, longest.c.ended_at, longest.c.lasted, none, none),
        ),
    )


def _row(what: str, *columns: ColumnElement[Any]) -> Select[Any]:
    names = ("partner", "cause", "account", "since", "ended_at", "lasted", "longest", "n")
    typed = {"since": Moment(), "ended_at": Moment()}
    named = zip(names, columns, strict=True)
    return select(
        literal(what, Words).label("what"),
        *(
            (type_coerce(one, typed[name]) if name in typed else one).label(name)
            for name, one in named
        ),
    )


@once
def _monthly(tx: Connection) -> Select[Any]:
    """With one list a month: whoever stood on this month's, told before it and in standing."""
    months = _months(tx)
    before = losses.alias("before")
    lost = exists().where(
        before.c.ref == _l.ref,
        type_coerce(before.c.since, Big) <= months.c.since,
        before.c.until.is_(None) | (type_coerce(before.c.until, Big) > months.c.since),
    )
    over = and_(_l.listed_until.is_not(None), _listed <= months.c.until)
    lasted = case((over, _listed), else_=months.c.until) - _since
    return (
        select(
            _l.partner,
            func.sum(lasted).label("lasted"),
            func.count(_l.account.distinct()).label("members"),
        )
        .join(months, months.c.partner == _l.partner)
        .where(
            _since > _FIRST,
            _since < _LAST,
            _since > months.c.since,
            _since < months.c.until,
            type_coerce(_l.told_at, Big) <= months.c.since,
            or_(_l.n == 1, ~lost),
        )
        .group_by(_l.partner)
    )
