"""By which numbers a foreign member is found, and since when.

    source 'partner'   it stands in the member's record
    source 'home'      a MID that somebody here attached by hand

US targeting knows MIDs and nothing else, so MIDs have dates: from the first day on which one is
the member's, until the first day on which it is not any more. One that a newer record drops is
ended and kept; any other identifier that is dropped goes. Within one day nothing depends on the
order in which records arrive.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    bindparam,
    delete,
    insert,
    or_,
    select,
    update,
)

from schemas.database import upsert
from schemas.record import Record
from schemas.tables import foreign_identifiers

MID = "MID"
PARTNER, HOME = "partner", "home"
CHUNK = 1_000

_c = foreign_identifiers.c


def in_force(on: date) -> ColumnElement[bool]:
    """The condition that an identifier is its member's on that day."""
    return or_(_c.from_on.is_(None), _c.from_on <= on) & or_(
        _c.until_on.is_(None), _c.until_on > on
    )


def replace(tx: Connection, programme: str, records: Sequence[Record], *, now: datetime) -> None:
    """These are the newest records of their members: their numbers, and no others."""
    changes = _Changes(today=now.astimezone(UTC).date())
    for start in range(0, len(records), CHUNK):
        some = records[start : start + CHUNK]
        there = _there(tx, programme, [record.ref for record in some])
        for record in some:
            changes.compare(record, there.get(record.ref, {}))
    one = (
        (_c.programme == programme)
        & (_c.ref == bindparam("at"))
        & (_c.scheme == bindparam("s"))
        & (_c.value == bindparam("v"))
        & (_c.source == PARTNER)
    )
    if changes.gone:
        tx.execute(delete(foreign_identifiers).where(one), changes.gone)
    if changes.dated:
        dates: dict[str, Any] = {"from_on": bindparam("began"), "until_on": bindparam("ended")}
        tx.execute(update(foreign_identifiers).where(one).values(**dates), changes.dated)
    if changes.new:
        always = {"programme": programme, "source": PARTNER, "added_at": now}
        tx.execute(insert(foreign_identifiers), [{**always, **row} for row in changes.new])


def erase(tx: Connection, programme: str, refs: Sequence[str]) -> None:
    """These members are withdrawn: nothing of theirs stays, whoever brought it."""
    for start in range(0, len(refs), CHUNK):
        some = refs[start : start + CHUNK]
        tx.execute(delete(foreign_identifiers).where(_c.programme == programme, _c.ref.in_(some)))


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


@dataclass(slots=True, kw_only=True)
class _Changes:
    """What newer records change of the numbers that are there."""

    today: date
    new: list[dict[str, Any]] = field(default_factory=list)
    dated: list[dict[str, Any]] = field(default_factory=list)
    gone: list[dict[str, Any]] = field(default_factory=list)

    def compare(self, record: Record, there: Mapping[tuple[str, str], Row[Any]]) -> None:
        said = {(i.scheme, i.value) for i in record.identifiers}
        for scheme, value in sorted(said - there.keys()):
            row = {"ref": record.ref, "scheme": scheme, "value": value, "from_on": self.today}
            self.new.append(row)
        for (scheme, value), known in there.items():
            place = {"at": record.ref, "s": scheme, "v": value}
            if (scheme, value) in said:
                self._goes_on(place, known)
            else:
                self._is_dropped(place, scheme, known)

    def _goes_on(self, place: dict[str, Any], known: Row[Any]) -> None:
        if known.until_on is not None:  # it is back; without a gap if it went today
            began = known.from_on if known.until_on >= self.today else self.today
            self.dated.append({**place, "began": began, "ended": None})

    def _is_dropped(self, place: dict[str, Any], scheme: str, known: Row[Any]) -> None:
        if scheme != MID or known.from_on is None or known.from_on >= self.today:
            self.gone.append(place)
        elif known.until_on is None:
            self.dated.append({**place, "began": known.from_on, "ended": self.today})


def _there(
    tx: Connection, programme: str, refs: Collection[str]
) -> dict[str, dict[tuple[str, str], Row[Any]]]:
    columns: tuple[ColumnElement[Any], ...] = (_c.ref, _c.scheme, _c.value, _c.from_on, _c.until_on)
    query = select(*columns).where(
        _c.programme == programme, _c.ref.in_(refs), _c.source == PARTNER
    )
    found: dict[str, dict[tuple[str, str], Row[Any]]] = {}
    for row in tx.execute(query):
        found.setdefault(row.ref, {})[row.scheme, row.value] = row
    return found


def _home(programme: str, ref: str, mid: str) -> ColumnElement[bool]:
    return (
        (_c.programme == programme)
        & (_c.ref == ref)
        & (_c.scheme == MID)
        & (_c.value == mid)
        & (_c.source == HOME)
    )
