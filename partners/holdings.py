"""The register of holdings: 256 sums for each partner and each direction.

    OURS     what the partner holds of our members, as far as its receipts say
    THEIRS   what we hold of the partner's members

Whoever changes what is held changes the sums in the same transaction; nobody adds up a whole roll.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, delete, insert, select

from schemas.database import upsert
from schemas.holdings import BUCKETS, Bucket, Holdings, bucket_of, total
from schemas.tables import foreign_members, holdings

# One member's part: (ref, leaf).
Leaf = tuple[str, bytes]


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
    mine = (holdings.c.programme == programme) & (holdings.c.side == side.value)
    query = select(holdings).where(mine, holdings.c.bucket.in_(touched))
    rows = tx.execute(query.order_by(holdings.c.bucket).with_for_update())
    there = {row.bucket: Bucket(int.from_bytes(row.sum, "big"), row.size) for row in rows}
    into = upsert(tx, holdings)
    tx.execute(
        into.on_conflict_do_update(
            index_elements=["programme", "side", "bucket"],
            set_={"sum": into.excluded["sum"], "size": into.excluded["size"]},
        ),
        [
            _row(
                programme,
                side,
                number,
                there.get(number, Bucket()).changed(
                    add=come.get(number, ()), take=gone.get(number, ())
                ),
            )
            for number in touched
        ],
    )


def replace(tx: Connection, programme: str, side: Side, leaves: Iterable[Leaf]) -> None:
    """Add up anew, from everything that is held: for a repair, not for every day."""
    mine = (holdings.c.programme == programme) & (holdings.c.side == side.value)
    tx.execute(delete(holdings).where(mine))
    rows = [
        _row(programme, side, number, Bucket().changed(add=some))
        for number, some in sorted(_by_bucket(leaves).items())
    ]
    if rows:
        tx.execute(insert(holdings), rows)


def buckets(tx: Connection, programme: str, side: Side) -> list[Bucket]:
    """All 256, in order."""
    query = select(holdings).where(holdings.c.programme == programme, holdings.c.side == side.value)
    found = {
        row.bucket: Bucket(int.from_bytes(row.sum, "big"), row.size) for row in tx.execute(query)
    }
    return [found.get(number, Bucket()) for number in range(BUCKETS)]


def held(tx: Connection, programme: str, side: Side) -> Holdings:
    """How many, and the digest over all of them."""
    return total(buckets(tx, programme, side))


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


def _row(programme: str, side: Side, number: int, bucket: Bucket) -> dict[str, object]:
    return {
        "programme": programme,
        "side": side.value,
        "bucket": number,
        "sum": bucket.bytes,
        "size": bucket.count,
    }
