"""The register of holdings: 256 sums for each partner and each direction.

    OURS     what the partner holds of our members, as far as its receipts say
    THEIRS   what we hold of the partner's members

Whoever changes what is held changes the sums in the same transaction; nobody adds up a whole roll.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select

from schemas import bulk
from schemas.holdings import BUCKETS, Bucket, Holdings, bucket_of, digest
from schemas.tables import foreign_members, holdings

# One member's part: (ref, leaf).
Leaf = tuple[str, bytes]
# Buckets as the database keeps them, by number: their sums' bytes, and of how many members.
Kept = Mapping[int, tuple[bytes, int]]
_NOTHING = Bucket().bytes
_h = holdings.c
_ALL = select(_h.bucket, _h.sum, _h.size).where(
    _h.programme == bindparam("of"), _h.side == bindparam("on")
)
_LOCK = _ALL.order_by(_h.bucket).with_for_update()
_SOME = _LOCK.where(_h.bucket.in_(bindparam("numbers", expanding=True)))


class Side(StrEnum):
    OURS = "ours"
    THEIRS = "theirs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One member of a partner, as we hold it; a tombstone has no leaf."""

    ref: str
    version: int
    leaf: bytes | None


def change(
    tx: Connection,
    programme: str,
    side: Side,
    *,
    add: Iterable[Leaf] = (),
    take: Iterable[Leaf] = (),
) -> None:
    """Some leaves came, some went; one that changed does both. At most 256 rows are written."""
    come = _by_bucket(add)
    gone = _by_bucket(take)
    touched = sorted(come.keys() | gone.keys())
    if not touched:
        return
    mine = {"of": programme, "on": side.value}
    rows = tx.execute(_SOME, {**mine, "numbers": touched})
    write(tx, programme, side, changed(_kept(rows.all()), come, gone))


def lock(tx: Connection, programme: str, side: Side) -> Kept:
    """All buckets that hold anything, locked until the end of the transaction."""
    return _kept(tx.execute(_LOCK, {"of": programme, "on": side.value}).all())


def changed(
    there: Kept, come: Mapping[int, Sequence[bytes]], gone: Mapping[int, Sequence[bytes]]
) -> dict[int, Bucket]:
    """The buckets that change if these leaves come and those go, by number, as they then are."""
    return {
        number: _bucket(there, number).changed(add=come.get(number, ()), take=gone.get(number, ()))
        for number in sorted(come.keys() | gone.keys())
    }


def digest_with(there: Kept, some: Mapping[int, Bucket]) -> str:
    """The digest over all buckets, with `some` in the place of what is there."""
    sums = {number: sum_ for number, (sum_, _) in there.items()}
    sums |= {number: bucket.bytes for number, bucket in some.items()}
    return digest([sums.get(number, _NOTHING) for number in range(BUCKETS)])


def write(tx: Connection, programme: str, side: Side, some: Mapping[int, Bucket]) -> None:
    """Put these buckets in the place of what was there; the caller holds them locked."""
    rows = [
        (programme, side.value, number, bucket.bytes, bucket.count)
        for number, bucket in some.items()
    ]
    bulk.change(tx, holdings, rows)


def replace(tx: Connection, programme: str, side: Side, leaves: Iterable[Leaf]) -> None:
    """Add up anew, from everything that is held: for a repair, not for every day."""
    mine = (holdings.c.programme == programme) & (holdings.c.side == side.value)
    tx.execute(delete(holdings).where(mine))
    write(tx, programme, side, changed({}, _by_bucket(leaves), {}))


def buckets(tx: Connection, programme: str, side: Side) -> list[Bucket]:
    """All 256, in order."""
    there = _kept(tx.execute(_ALL, {"of": programme, "on": side.value}).all())
    return [_bucket(there, number) for number in range(BUCKETS)]


def held(tx: Connection, programme: str, side: Side) -> Holdings:
    """How many, and the digest over all of them."""
    there = _kept(tx.execute(_ALL, {"of": programme, "on": side.value}).all())
    return Holdings(sum(size for _, size in there.values()), digest_with(there, {}))


def theirs(tx: Connection, programme: str, *, after: str = "") -> Iterator[Held]:
    """Every ref of the partner that we hold or have buried, after this one, row by row."""
    columns = (foreign_members.c.ref, foreign_members.c.version, foreign_members.c.leaf)
    query = (
        select(*columns, foreign_members.c.gone_at)
        .where(foreign_members.c.programme == programme, foreign_members.c.ref > after)
        .order_by(foreign_members.c.ref)
    )
    for row in tx.execute(query.execution_options(yield_per=1_000)):
        yield Held(ref=row.ref, version=row.version, leaf=row.leaf if row.gone_at is None else None)


def _by_bucket(leaves: Iterable[Leaf]) -> dict[int, list[bytes]]:
    found: dict[int, list[bytes]] = {}
    for ref, leaf in leaves:
        found.setdefault(bucket_of(ref), []).append(leaf)
    return found


def _kept(rows: Iterable[Any]) -> Kept:
    return {number: (sum_, size) for number, sum_, size in rows}


def _bucket(there: Kept, number: int) -> Bucket:
    sum_, size = there.get(number, (_NOTHING, 0))
    return Bucket(int.from_bytes(sum_, "big"), size)
