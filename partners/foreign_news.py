"""What a partner's batch is news of: weighed against its roll, made ready, and written.

    weigh   which records the roll has not, or has older; which refs it would bury
    ready   the rows to write, the size and the sums of the roll afterwards; nothing is written
    write   the numbers, the sums, the roll as a whole; last, under the lock that all partners
            share, the members with their places in the feed

A sudden change is found between the first two, and the receipt is signed between the others, before
anybody else has to wait. Thousands of members are four statements and no object each.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection

from partners import foreign_feed, foreign_identifiers, foreign_roll, holdings, quarantine
from partners.foreign_roll import Standing
from partners.holdings import Side
from schemas import bulk
from schemas.holdings import Bucket, bucket_of, leaf
from schemas.record import Record
from schemas.tables import foreign_members, stored

# A row as the database keeps it, its columns in the table's order; its place in the feed follows.
_Row = tuple[Any, ...]
_Leaves = defaultdict[int, list[bytes]]


class _Known(NamedTuple):
    """What the roll has of a ref, as the database keeps it."""

    version: int
    gone_at: int | None
    leaf: bytes | None
    quarantined: int


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What a batch would change. `come` counts the members nobody knew; `gone` are the refs of the
    live ones that it withdraws, `strange` those it withdraws and nobody knew.
    """

    programme: str
    fresh: Sequence[Record]
    come: int
    gone: Sequence[str]
    strange: Sequence[str]
    known: Mapping[str, _Known]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """What is to be written, and what holds afterwards; `digest` is that of the holdings."""

    programme: str
    standing: Standing
    digest: str
    fresh: Sequence[Record]
    gone: Sequence[str]
    new: Sequence[_Row]
    changed: Sequence[_Row]
    tombstones: Sequence[_Row]
    sums: Mapping[int, Bucket]


def weigh(
    tx: Connection, programme: str, records: Sequence[Record], withdrawn: Collection[str]
) -> News:
    """Compare with the roll, which the caller has locked. Refs are all different."""
    refs = [*[record.ref for record in records], *withdrawn]
    mine = {"programme": programme}
    rows: Sequence[Any] = ()
    if refs:
        rows = bulk.find(tx, foreign_members, ("ref", *_Known._fields), mine, "ref", refs)
    known = {ref: _Known(*facts) for ref, *facts in rows}
    by_ref = sorted(records, key=attrgetter("ref"))
    if known:
        by_ref = [record for record in by_ref if _is_news(record, known.get(record.ref))]
    return News(
        programme=programme,
        fresh=by_ref,
        come=sum(record.ref not in known for record in by_ref),
        gone=sorted(ref for ref in withdrawn if ref in known and known[ref].gone_at is None),
        strange=sorted(ref for ref in withdrawn if ref not in known),
        known=known,
    )


def ready(
    tx: Connection,
    news: News,
    standing: Standing,
    *,
    coverage: Collection[str] | None,
    categories: Mapping[str, str],
    now: datetime,
) -> Ready:
    """Everything but the writing; `coverage` is the agreement's, `categories` the document's."""
    programme, known, fresh, at = news.programme, news.known, news.fresh, stored(now)
    new = [record.ref for record in fresh if record.ref not in known]
    waiting = quarantine.named(tx, programme, new) if standing.waiting else frozenset()
    parts = [leaf(record.ref, record.version, record.items_digest) for record in fresh]
    rows: list[_Row] = [
        (
            programme,
            record.ref,
            record.version,
            record.name,
            orjson.dumps([[i.scheme, i.value] for i in record.identifiers]).decode(),
            record.status.value,
            record.member_since.isoformat(),
            at,
            None,
            category := categories.get(record.ref),
            int(coverage is None or category in coverage),
            known[record.ref].quarantined if record.ref in known else int(record.ref in waiting),
            part,
        )
        for record, part in zip(fresh, parts, strict=True)
    ]
    come, taken = _Leaves(list), _Leaves(list)
    for record, part in zip(fresh, parts, strict=True):
        number, before = bucket_of(record.ref), known.get(record.ref)
        come[number].append(part)
        # A member from before there were sums has no leaf; it never was part of them.
        if before is not None and before.leaf is not None:
            taken[number].append(before.leaf)
    for ref in news.gone:
        if (was := known[ref].leaf) is not None:
            taken[bucket_of(ref)].append(was)
    there = holdings.lock(tx, programme, Side.THEIRS)
    sums = holdings.changed(there, come, taken)
    return Ready(
        programme=programme,
        standing=replace(standing, size=standing.size + news.come - len(news.gone)),
        digest=holdings.digest_with(there, sums),
        fresh=news.fresh,
        gone=news.gone,
        new=[row for row in rows if row[1] not in known],
        changed=[
            *[_buried(programme, ref, known[ref].version, at) for ref in news.gone],
            *[row for row in rows if row[1] in known],
        ],
        # A ref never seen gets its tombstone too: its announcement may still be on its way. It was
        # nobody's member here, so the feed does not tell of it.
        tombstones=[(*_buried(programme, ref, 0, at), 0) for ref in news.strange],
        sums=sums,
    )


def write(tx: Connection, ready: Ready, *, now: datetime) -> None:
    """Write it. Only the ledger may come after this: it locks the ledger's head."""
    programme = ready.programme
    foreign_identifiers.erase(tx, programme, ready.gone)
    foreign_identifiers.replace(tx, programme, ready.fresh, now=now)
    holdings.write(tx, programme, Side.THEIRS, ready.sums)
    bulk.add(tx, foreign_members, ready.tombstones)
    foreign_roll.keep(tx, programme, ready.standing)
    if ready.new or ready.changed:
        place = foreign_feed.lock(tx)
        bulk.change(tx, foreign_members, _placed(ready.changed, place))
        bulk.add(tx, foreign_members, _placed(ready.new, place + len(ready.changed)))


def _is_news(record: Record, there: _Known | None) -> bool:
    """Whether the roll has it not, or older; what is buried stays buried."""
    return there is None or (there.gone_at is None and there.version < record.version)


def _buried(programme: str, ref: str, version: int, at: int) -> _Row:
    """A tombstone: everything erased but the ref."""
    return (programme, ref, version, None, None, None, None, at, at, None, 1, 0, None)


def _placed(rows: Sequence[_Row], after: int) -> list[_Row]:
    """The rows, each with its place in the feed."""
    return [(*row, place) for place, row in enumerate(rows, after + 1)]
