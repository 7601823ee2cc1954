"""By which numbers a foreign member is found, and since when.

    source 'partner'   it stands in the member's record
    source 'home'      a MID that somebody here attached by hand

US targeting knows MIDs and nothing else, so MIDs have dates: from the first day on which one is
the member's, until the first day on which it is not any more. One that a newer record drops is
ended and kept; any other identifier that is dropped goes. Within one day nothing depends on the
order in which records arrive.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    delete,
    or_,
    select,
    update,
)

from schemas import bulk
from schemas.database import upsert
from schemas.record import Record
from schemas.tables import foreign_identifiers, stored

MID = "MID"
PARTNER, HOME = "partner", "home"

_c = foreign_identifiers.c
# A row as the database keeps it, its columns in the table's order.
_Row = tuple[Any, ...]
_ALL = tuple(column.name for column in _c)


def in_force(on: date) -> ColumnElement[bool]:
    """The condition that an identifier is its member's on that day."""
    return or_(_c.from_on.is_(None), _c.from_on <= on) & or_(
        _c.until_on.is_(None), _c.until_on > on
    )


def replace(tx: Connection, programme: str, records: Sequence[Record], *, now: datetime) -> None:
    """These are the newest records of their members: their numbers, and no others."""
    if not records:
        return
    refs = [record.ref for record in records]
    theirs = {"programme": programme, "source": PARTNER}
    there: dict[str, list[_Row]] = {}
    for row in bulk.find(tx, foreign_identifiers, _ALL, theirs, "ref", refs):
        there.setdefault(row.ref, []).append(tuple(row))
    today, at = now.astimezone(UTC).date().isoformat(), stored(now)
    rows: list[_Row] = [
        (programme, record.ref, i.scheme, i.value, PARTNER, today, None, at, None)
        for record in records
        if record.ref not in there
        for i in record.identifiers
    ]
    again: list[str] = []
    for record in records:
        before = there.get(record.ref)
        if before is not None:
            after = _after(record, before, today, at)
            if after != before:
                again.append(record.ref)
                rows += after
    if again:
        bulk.remove(tx, foreign_identifiers, theirs, "ref", again)
    bulk.add(tx, foreign_identifiers, rows)


def erase(tx: Connection, programme: str, refs: Sequence[str]) -> None:
    """These members are withdrawn: nothing of theirs stays, whoever brought it."""
    if refs:
        bulk.remove(tx, foreign_identifiers, {"programme": programme}, "ref", refs)


def attach(
    tx: Connection,
    programme: str,
    ref: str,
    mid: str,
    *,
    from_on: date,
    until_on: date | None,
    by: str,
    now: datetime,
) -> bool:
    """Attach a MID (canonical) by hand, or give it other dates; False if it stands so already."""
    mine = _home(programme, ref, mid)
    row = tx.execute(select(_c.from_on, _c.until_on).where(mine)).one_or_none()
    if row is not None and (row.from_on, row.until_on) == (from_on, until_on):
        return False
    into = upsert(tx, foreign_identifiers)
    dates = ("from_on", "until_on", "added_at", "added_by")
    tx.execute(
        into.on_conflict_do_update(
            index_elements=["programme", "ref", "scheme", "value", "source"],
            set_={name: into.excluded[name] for name in dates},
        ),
        {
            "programme": programme,
            "ref": ref,
            "scheme": MID,
            "value": mid,
            "source": HOME,
            "from_on": from_on,
            "until_on": until_on,
            "added_at": now,
            "added_by": by,
        },
    )
    return True


def end(tx: Connection, programme: str, ref: str, mid: str, *, today: date) -> bool | None:
    """From today on a MID attached by hand is not the member's. False if that was so already;
    None if it was never attached. One that would begin today or later leaves no trace.
    """
    mine = _home(programme, ref, mid)
    row = tx.execute(select(_c.from_on, _c.until_on).where(mine)).one_or_none()
    if row is None:
        return None
    if row.until_on is not None and row.until_on <= today:
        return False
    if row.from_on is None or row.from_on < today:
        tx.execute(update(foreign_identifiers).where(mine).values(until_on=today))
    else:
        tx.execute(delete(foreign_identifiers).where(mine))
    return True


def of(tx: Connection, programme: str, ref: str) -> list[Row[Any]]:
    """Every identifier of one member, past and future ones too."""
    query = select(foreign_identifiers).where(_c.programme == programme, _c.ref == ref)
    return list(tx.execute(query.order_by(_c.scheme, _c.value, _c.source)))


def _after(record: Record, before: Sequence[_Row], today: str, at: int) -> list[_Row]:
    """The rows of a member's numbers, with this record as its newest."""
    said = {(i.scheme, i.value) for i in record.identifiers}
    rows: list[_Row] = []
    for row in before:
        programme, _, scheme, value, _, from_on, until_on, *_ = row
        if (scheme, value) in said:
            said.remove((scheme, value))
            if until_on is None:
                rows.append(row)
            else:  # it is back; without a gap if it went today
                rows.append(_dated(row, from_on if until_on >= today else today, None))
        elif scheme == MID and from_on is not None and from_on < today:
            rows.append(row if until_on is not None else _dated(row, from_on, today))
    rows += [
        (programme, record.ref, scheme, value, PARTNER, today, None, at, None)
        for scheme, value in said
    ]
    return rows


def _dated(row: _Row, from_on: str | None, until_on: str | None) -> _Row:
    return (*row[:5], from_on, until_on, *row[7:])


def _home(programme: str, ref: str, mid: str) -> ColumnElement[bool]:
    return (
        (_c.programme == programme)
        & (_c.ref == ref)
        & (_c.scheme == MID)
        & (_c.value == mid)
        & (_c.source == HOME)
    )
