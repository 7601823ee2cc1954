"""The rolls of the other programmes: their members, as they last described them to us.

    (unknown) --announced--> live --announced, newer version--> live
                              |
                          withdrawn --> tombstone: everything erased but the ref, for good

An announcement with an older version, or of a withdrawn ref, is ignored whenever it arrives; so
applying anything twice, or in another order, ends the same.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from schemas.database import upsert
from schemas.record import Record
from schemas.tables import foreign_members


def announce(tx: Connection, programme: str, records: Sequence[Record], *, now: datetime) -> None:
    """Write each record unless the roll has it newer, or has buried it. Refs are all different."""
    rows = [
        {
            "programme": programme,
            "ref": record.ref,
            "version": record.version,
            "name": record.name,
            "identifiers": [[i.scheme, i.value] for i in record.identifiers],
            "status": record.status.value,
            "member_since": record.member_since,
            "changed_at": now,
            "gone_at": None,
        }
        for record in sorted(records, key=lambda record: record.ref)
    ]
    if not rows:
        return
    into = upsert(tx, foreign_members)
    said = ("version", "name", "identifiers", "status", "member_since", "changed_at")
    tx.execute(
        into.on_conflict_do_update(
            index_elements=["programme", "ref"],
            set_={name: into.excluded[name] for name in said},
            where=(foreign_members.c.gone_at.is_(None))
            & (foreign_members.c.version < into.excluded.version),
        ),
        rows,
    )


def withdraw(
    tx: Connection, programme: str, refs: Collection[str], *, now: datetime
) -> frozenset[str]:
    """Erase these members and keep their refs as tombstones; return the refs that were held.

    A ref never seen gets its tombstone too: its announcement may still be on its way.
    """
    mine = foreign_members.c.programme == programme
    live = foreign_members.c.gone_at.is_(None)
    some = foreign_members.c.ref.in_(refs)
    held = frozenset(tx.scalars(select(foreign_members.c.ref).where(mine, live, some)))
    tx.execute(
        update(foreign_members)
        .where(mine, live, some)
        .values(
            name=None, identifiers=None, status=None, member_since=None, changed_at=now, gone_at=now
        )
    )
    rows = [
        {"programme": programme, "ref": ref, "version": 0, "changed_at": now, "gone_at": now}
        for ref in sorted(set(refs) - held)
    ]
    if rows:
        tx.execute(
            upsert(tx, foreign_members).on_conflict_do_nothing(index_elements=["programme", "ref"]),
            rows,
        )
    return held


def size(tx: Connection, programme: str) -> int:
    """How many live members the roll has."""
    where = (foreign_members.c.programme == programme) & foreign_members.c.gone_at.is_(None)
    return tx.scalar(select(func.count()).select_from(foreign_members).where(where)) or 0


def every(tx: Connection, programme: str) -> Iterable[Row[Any]]:
    """The live members, by ref, row by row."""
    where = (foreign_members.c.programme == programme) & foreign_members.c.gone_at.is_(None)
    query = select(foreign_members).where(where).order_by(foreign_members.c.ref)
    return tx.execute(query.execution_options(yield_per=1_000))
