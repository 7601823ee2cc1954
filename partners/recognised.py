"""The foreign members we recognise, as CBP's targeting systems ask for them.

A member is recognised while it is on its partner's roll and the arrangement covers it; all others
are not answered, as if they were unknown. A recognised one is *usable* unless something stands in
the way today: its own status, a batch that waits for a person, the agreement. What a partner told
is *stale* when it has been silent for longer than its rhythm.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, select

from partners import agreements, foreign_identifiers
from schemas import bulk
from schemas.errors import BadRequest
from schemas.identifiers import Identifier
from schemas.status import Status
from schemas.tables import foreign_identifiers as numbers
from schemas.tables import foreign_members as members
from schemas.tables import foreign_rolls, is_set


class WhyNot(StrEnum):
    """What stands in the way of using a member."""

    STATUS = "status"
    QUARANTINE = "quarantine"
    AGREEMENT = "agreement"


@dataclass(frozen=True, slots=True, kw_only=True)
class Roll:
    """A partner's roll as a whole. `as_of` is None before the first batch was applied."""

    programme: str
    as_of: datetime | None
    in_force: bool
    stale: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """A number of a member: from the first day on which it is the member's (None: since ever)
    until the first day on which it is not (None: no end known). `source` is partner or home.
    """

    scheme: str
    value: str
    source: str
    from_on: date | None
    until_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """A recognised member; `identifiers` are those the question was about."""

    roll: Roll
    ref: str
    name: str
    status: Status
    member_since: date
    quarantined: bool
    identifiers: tuple[Dated, ...] = ()

    @property
    def why_not(self) -> tuple[WhyNot, ...]:
        """All that stands in the way of using it; nothing: it is usable."""
        held = {
            WhyNot.STATUS: self.status.bad,
            WhyNot.QUARANTINE: self.quarantined,
            WhyNot.AGREEMENT: not self.roll.in_force,
        }
        return tuple(why for why, so in held.items() if so)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A member's newest change; `member` is None where it is not (or no longer) recognised."""

    place: int
    programme: str
    ref: str
    member: Recognised | None


def rolls(tx: Connection, *, now: datetime) -> dict[str, Roll]:
    """Every partner's roll as it stands, by programme."""
    there = {row.programme: row for row in tx.execute(select(foreign_rolls))}
    today = now.astimezone(UTC).date()
    found = {}
    for registered in agreements.every(tx):
        programme = registered.agreement.partner
        row = there.get(programme)
        heard_at = None if row is None else row.heard_at
        found[programme] = Roll(
            programme=programme,
            as_of=None if row is None else row.as_of,
            in_force=registered.agreement.obstacle(today) is None,
            stale=heard_at is None or now - heard_at > registered.rhythm,
        )
    return found


def find(
    tx: Connection,
    asked: Collection[Identifier],
    *,
    now: datetime,
    programme: str | None = None,
) -> dict[Identifier, list[Recognised]]:
    """For each number all recognised members that carry it today, by programme and ref."""
    values: dict[str, dict[str, Identifier]] = {}
    for one in asked:
        values.setdefault(one.scheme, {})[one.value] = one
    today = now.astimezone(UTC).date()
    known = rolls(tx, now=now)
    found: dict[Identifier, list[Recognised]] = {one: [] for one in asked}
    for scheme, some in sorted(values.items()):
        where = [
            numbers.c.scheme == scheme,
            bulk.among(tx, numbers.c.value, sorted(some)),
            foreign_identifiers.in_force(today),
            _recognised(),
        ]
        if programme is not None:
            where.append(numbers.c.programme == programme)
        query = select(*_MEMBER, *_NUMBER).join_from(*_BOTH).where(*where)
        rows: dict[str, list[Row[Any]]] = {}
        for row in tx.execute(query).all():  # at once: row by row takes twice as long
            rows.setdefault(row.value, []).append(row)
        for value, mine in rows.items():
            found[some[value]] = _by_member(mine, known)
    return found


def _by_member(rows: list[Row[Any]], known: Mapping[str, Roll]) -> list[Recognised]:
    """The members of these rows, by programme and ref; most often it is one row of one member."""
    if len(rows) == 1:
        return [_recognise(rows[0], known, rows)]
    of: dict[tuple[str, str], list[Row[Any]]] = {}
    for row in rows:
        of.setdefault((row.programme, row.ref), []).append(row)
    return [_recognise(theirs[0], known, theirs) for _, theirs in sorted(of.items())]


def get(tx: Connection, programme: str, ref: str, *, now: datetime) -> Recognised:
    """One recognised member with all its numbers, past and future ones too; or `BadRequest`
    MRX-5017.
    """
    mine = (members.c.programme == programme) & (members.c.ref == ref)
    row = tx.execute(select(*_MEMBER).where(mine, _recognised())).one_or_none()
    if row is None:
        raise BadRequest("MRX-5017")
    return _recognise(row, rolls(tx, now=now), foreign_identifiers.of(tx, programme, ref))


def changes(tx: Connection, after: int, at_most: int, *, now: datetime) -> list[Change]:
    """Members by their newest change, from the one behind `after`: each once, as it is now, with
    the numbers it has today or will have.

    Whoever keeps the newest of each, drops those without `member` and reads on from the last
    place, ends with what `find` answers.
    """
    columns: list[ColumnElement[Any]] = [members.c.gone_at, members.c.covered, members.c.change]
    query = select(*_MEMBER, *columns)
    page = tx.execute(
        query.where(members.c.change > after).order_by(members.c.change).limit(at_most)
    ).all()
    if not page:
        return []
    today = now.astimezone(UTC).date()
    # Those of a day that is over: nobody needs to copy them.
    to_come = numbers.c.until_on.is_(None) | (numbers.c.until_on > today)
    within = members.c.change.between(page[0].change, page[-1].change)
    theirs: dict[tuple[str, str], list[Row[Any]]] = {}
    carried = select(members.c.programme, members.c.ref, *_NUMBER).join_from(*_BOTH)
    for row in tx.execute(carried.where(within, to_come)):
        theirs.setdefault((row.programme, row.ref), []).append(row)
    known = rolls(tx, now=now)
    return [
        Change(
            place=row.change,
            programme=row.programme,
            ref=row.ref,
            member=_recognise(row, known, theirs.get((row.programme, row.ref), ()))
            if row.gone_at is None and row.covered
            else None,
        )
        for row in page
    ]


_STATUSES: Mapping[str, Status] = {status.value: status for status in Status}
_MEMBER: tuple[ColumnElement[Any], ...] = (
    members.c.programme,
    members.c.ref,
    members.c.name,
    members.c.status,
    members.c.member_since,
    members.c.quarantined,
)
_NUMBER: tuple[ColumnElement[Any], ...] = (
    numbers.c.scheme,
    numbers.c.value,
    numbers.c.source,
    numbers.c.from_on,
    numbers.c.until_on,
)
_BOTH = (
    numbers,
    members,
    and_(members.c.programme == numbers.c.programme, members.c.ref == numbers.c.ref),
)


def _recognised() -> ColumnElement[bool]:
    return members.c.gone_at.is_(None) & is_set(members.c.covered)


def _recognise(row: Row[Any], known: Mapping[str, Roll], theirs: Sequence[Row[Any]]) -> Recognised:
    return Recognised(
        roll=known[row.programme],
        ref=row.ref,
        name=row.name,
        status=_STATUSES[row.status],
        member_since=row.member_since,
        quarantined=row.quarantined,
        identifiers=_dated(theirs),
    )


def _dated(rows: Iterable[Row[Any]]) -> tuple[Dated, ...]:
    said = [
        Dated(
            scheme=row.scheme,
            value=row.value,
            source=row.source,
            from_on=row.from_on,
            until_on=row.until_on,
        )
        for row in rows
    ]
    if len(said) > 1:
        said.sort(key=lambda one: (one.scheme, one.value, one.source))
    return tuple(said)
