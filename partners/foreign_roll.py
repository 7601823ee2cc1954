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

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, case, literal, or_, select, update

from partners import agreements, foreign_feed, foreign_identifiers, holdings, quarantine
from partners.holdings import Leaf, Side
from schemas.database import upsert
from schemas.holdings import leaf
from schemas.record import Record
from schemas.tables import Flag, foreign_members, foreign_rolls

DAY = timedelta(hours=24)
CHUNK = 1_000
_SAID = (
    "version",
    "name",
    "identifiers",
    "status",
    "member_since",
    "changed_at",
    "category",
    "covered",
    "leaf",
)

_One = TypeVar("_One")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A roll as a whole. `as_of` is when the newest applied batch was written, `heard_at` when
    its partner last said anything signed. A day's changes are measured against `baseline`, the
    size at the beginning of that day.
    """

    size: int
    as_of: datetime | None
    heard_at: datetime | None
    baseline: int


def lock(tx: Connection, programme: str, *, now: datetime) -> Standing:
    """Lock one roll until the end of the transaction. A new day measures against today's size."""
    _begin(tx, programme, now)
    mine = foreign_rolls.c.programme == programme
    row = tx.execute(select(foreign_rolls).where(mine).with_for_update()).one()
    baseline = row.baseline
    if row.baseline_at is None or now - row.baseline_at >= DAY:
        baseline = row.size
        measure_anew(tx, programme, now=now)
    return Standing(size=row.size, as_of=row.as_of, heard_at=row.heard_at, baseline=baseline)


def measure_anew(tx: Connection, programme: str, *, now: datetime) -> None:
    """From now on changes are measured against the present size: a person has seen it."""
    mine = foreign_rolls.c.programme == programme
    tx.execute(
        update(foreign_rolls).where(mine).values(baseline=foreign_rolls.c.size, baseline_at=now)
    )


def heard(tx: Connection, programme: str, now: datetime) -> None:
    """The partner has said something new, signed: a batch, a receipt, a request.

    Call it before anything of the same transaction is added to the ledger (the order of locks).
    """
    _begin(tx, programme, now)
    mine = foreign_rolls.c.programme == programme
    earlier = or_(foreign_rolls.c.heard_at.is_(None), foreign_rolls.c.heard_at < now)
    tx.execute(update(foreign_rolls).where(mine, earlier).values(heard_at=now))


def described(tx: Connection, programme: str, as_of: datetime) -> None:
    """A batch written at that time has been applied; the newest one counts."""
    mine = foreign_rolls.c.programme == programme
    earlier = or_(foreign_rolls.c.as_of.is_(None), foreign_rolls.c.as_of < as_of)
    tx.execute(update(foreign_rolls).where(mine, earlier).values(as_of=as_of))


def announce(
    tx: Connection,
    programme: str,
    records: Sequence[Record],
    *,
    now: datetime,
    categories: Mapping[str, str] | None = None,
) -> None:
    """Write each record unless the roll has it newer, or has buried it. Refs are all different.

    `categories` says what kind of member each ref is, where the programme's document says it;
    whether it is covered follows from the agreement.
    """
    if not records:
        return
    lock(tx, programme, now=now)
    known = _known(tx, programme, [record.ref for record in records])
    fresh = [
        record
        for record in sorted(records, key=lambda record: record.ref)
        if record.ref not in known or _is_older(known[record.ref], record)
    ]
    added = [record.ref for record in fresh if record.ref not in known]
    waiting = quarantine.named(tx, programme, added)
    coverage = agreements.get(tx, programme).coverage
    said = categories or {}
    rows: list[dict[str, Any]] = [
        {
            "programme": programme,
            "ref": record.ref,
            "version": record.version,
            "name": record.name,
            "identifiers": [[i.scheme, i.value] for i in record.identifiers],
            "status": record.status.value,
            "member_since": record.member_since,
            "changed_at": now,
            "category": said.get(record.ref),
            "covered": coverage is None or said.get(record.ref) in coverage,
            "quarantined": record.ref in waiting,
            "leaf": leaf(record.ref, record.version, record.items_digest),
        }
        for record in fresh
    ]
    if not rows:
        return
    into = upsert(tx, foreign_members)
    tx.execute(
        into.on_conflict_do_update(
            index_elements=["programme", "ref"],
            set_={name: into.excluded[name] for name in _SAID},
        ),
        rows,
    )
    foreign_identifiers.replace(tx, programme, fresh, now=now)
    come = [(row["ref"], row["leaf"]) for row in rows]
    gone = [(row.ref, row.leaf) for row in map(known.get, _refs(fresh)) if row is not None]
    _settle(tx, programme, come=come, gone=gone, more=len(added))
    foreign_feed.move(tx, programme, _refs(fresh))


def withdraw(
    tx: Connection, programme: str, refs: Collection[str], *, now: datetime
) -> frozenset[str]:
    """Erase these members and keep their refs as tombstones; return the refs that were held.

    A ref never seen gets its tombstone too: its announcement may still be on its way.
    """
    if not refs:
        return frozenset()
    lock(tx, programme, now=now)
    known = _known(tx, programme, refs)
    held = sorted(ref for ref, row in known.items() if row.gone_at is None)
    for some in chunks(held):
        tx.execute(
            update(foreign_members)
            .where(foreign_members.c.programme == programme, foreign_members.c.ref.in_(some))
            .values(
                name=None,
                identifiers=None,
                status=None,
                member_since=None,
                category=None,
                covered=True,
                quarantined=False,
                leaf=None,
                changed_at=now,
                gone_at=now,
            )
        )
    foreign_identifiers.erase(tx, programme, held)
    rows = [
        {"programme": programme, "ref": ref, "version": 0, "changed_at": now, "gone_at": now}
        for ref in sorted(set(refs) - known.keys())
    ]
    if rows:
        tx.execute(
            upsert(tx, foreign_members).on_conflict_do_nothing(index_elements=["programme", "ref"]),
            rows,
        )
    gone = [(ref, known[ref].leaf) for ref in held]
    _settle(tx, programme, come=[], gone=gone, more=-len(held))
    foreign_feed.move(tx, programme, held)
    return frozenset(held)


def effect(
    tx: Connection, programme: str, announced: Collection[str], withdrawn: Collection[str]
) -> tuple[int, int]:
    """How many members would come with these announcements, and go with these withdrawals."""
    come = len(set(announced)) - len(_known(tx, programme, announced))
    gone = [row for row in _known(tx, programme, withdrawn).values() if row.gone_at is None]
    return come, len(gone)


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
    mine = foreign_rolls.c.programme == programme
    return tx.scalar(select(foreign_rolls.c.size).where(mine)) or 0


def every(tx: Connection, programme: str) -> Iterable[Row[Any]]:
    """The live members, by ref, row by row; also those the arrangement does not cover."""
    where = (foreign_members.c.programme == programme) & foreign_members.c.gone_at.is_(None)
    query = select(foreign_members).where(where).order_by(foreign_members.c.ref)
    return tx.execute(query.execution_options(yield_per=1_000))


def chunks(items: Sequence[_One]) -> Iterator[Sequence[_One]]:
    """The items in pieces that fit into one statement."""
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]


def _begin(tx: Connection, programme: str, now: datetime) -> None:
    row = {"programme": programme, "size": 0, "baseline": 0, "baseline_at": now}
    into = upsert(tx, foreign_rolls)
    tx.execute(into.on_conflict_do_nothing(index_elements=["programme"]), row)


def _known(tx: Connection, programme: str, refs: Collection[str]) -> dict[str, Row[Any]]:
    m = foreign_members.c
    found: dict[str, Row[Any]] = {}
    for some in chunks(sorted(set(refs))):
        query = select(m.ref, m.version, m.gone_at, m.leaf)
        rows = tx.execute(query.where(m.programme == programme, m.ref.in_(some)))
        found.update({row.ref: row for row in rows})
    return found


def _is_older(row: Row[Any], record: Record) -> bool:
    return row.gone_at is None and row.version < record.version


def _refs(records: Iterable[Record]) -> list[str]:
    return [record.ref for record in records]


def _settle(
    tx: Connection,
    programme: str,
    *,
    come: Sequence[Leaf],
    gone: Sequence[tuple[str, bytes | None]],
    more: int,
) -> None:
    """Keep the size and the sums with what has just changed."""
    # A member from before there were sums has no leaf; it never was part of them.
    take = [(ref, part) for ref, part in gone if part is not None]
    holdings.change(tx, programme, Side.THEIRS, add=come, take=take)
    if more:
        mine = foreign_rolls.c.programme == programme
        tx.execute(update(foreign_rolls).where(mine).values(size=foreign_rolls.c.size + more))
