"""What a partner holds of us, as its receipts say, and whether it says the same.

    announcement confirmed   the leaf of the version held before goes, the new one comes
    withdrawal confirmed     the leaf goes
    refused, unanswered      nothing changes

    receipt with a digest --both lanes at rest--> compared: they agree, or they differ (an alarm)

The sums always are those of the lives in `disclosures` that are held and not gone; they change in
the same transaction. A receipt speaks of the moment it was written, so it is compared only if
everything else we count had been answered before its batch was sealed.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Insert, and_, bindparam, exists, func, or_, select

from outbox import ledger
from outbox.batch import UNANSWERED, Batch, State
from outbox.lane import of_partner
from partners import holdings as sums
from partners.holdings import Leaf, Side
from schemas.database import once, upsert
from schemas.holdings import BUCKETS, Bucket, Holdings, bucket_of, leaf
from schemas.receipt import Receipt
from schemas.tables import batch_notices, batches, disclosures, holdings_checks, lanes, pending

# A life the partner has, says its receipt.
HELD = disclosures.c.held_version.is_not(None) & disclosures.c.gone_at.is_(None)

# The notices of a batch that a receipt has confirmed, and the lives of which it is news.
ADVANCING = and_(
    batch_notices.c.batch_id == bindparam("batch"),
    batch_notices.c.kind == "announcement",
    batch_notices.c.dropped_issue.is_(None),
    batch_notices.c.outcome == "held",
    batch_notices.c.ref == disclosures.c.ref,
    disclosures.c.held_version.is_(None) | (disclosures.c.held_version < batch_notices.c.version),
)
_ADVANCING = (
    select(
        disclosures.c.ref,
        disclosures.c.held_version,
        disclosures.c.held_digest,
        batch_notices.c.version,
        batch_notices.c.items_digest,
    )
    .where(ADVANCING, disclosures.c.gone_at.is_(None))
    .order_by(batch_notices.c.ref)
    .with_for_update(of=disclosures)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """One life that the partner should hold: its version, and its leaf in the sums."""

    ref: str
    version: int
    leaf: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """The last comparison: what we expected, and what the partner said it holds."""

    at: datetime
    agree: bool
    expected: Holdings
    held_count: int | None
    held_digest: str


# -- kept up with every receipt --------------------------------------------------------------------


def advance(tx: Connection, batch: Batch) -> None:
    """The announcements of this batch that its receipt confirmed are about to be held.

    Called before `held_version` moves: what was held until now is read here. A life that is gone
    stays gone: its announcement met a tombstone.
    """
    rows = tx.execute(_ADVANCING, {"batch": batch.id}).all()
    sums.change(
        tx,
        batch.partner,
        Side.OURS,
        add=[(row.ref, leaf(row.ref, row.version, row.items_digest)) for row in rows],
        take=_leaves(rows),
    )


def forget(tx: Connection, partner: str, refs: Collection[str]) -> None:
    """These lives are about to stop being held: they are gone, or the partner has lost them.

    Called before the disclosures say so. A life that is not held changes nothing.
    """
    rows = tx.execute(
        select(disclosures.c.ref, disclosures.c.held_version, disclosures.c.held_digest)
        .where(disclosures.c.ref.in_(refs), disclosures.c.partner == partner, HELD)
        .order_by(disclosures.c.ref)
        .with_for_update()
    ).all()
    sums.change(tx, partner, Side.OURS, take=_leaves(rows))


def _leaves(rows: Collection[Any]) -> list[Leaf]:
    return [
        (row.ref, leaf(row.ref, row.held_version, row.held_digest))
        for row in rows
        if row.held_version is not None
    ]


# -- from scratch ----------------------------------------------------------------------------------


def every(tx: Connection, partner: str, *, after: str = "") -> Iterator[Expected]:
    """Every life that the partner holds, as its receipts say, by ref, row by row."""
    query = (
        select(disclosures.c.ref, disclosures.c.held_version, disclosures.c.held_digest)
        .where(disclosures.c.partner == partner, HELD, disclosures.c.ref > after)
        .order_by(disclosures.c.ref)
    )
    for row in tx.execute(query.execution_options(yield_per=1_000)):
        told = leaf(row.ref, row.held_version, row.held_digest)
        yield Expected(ref=row.ref, version=row.held_version, leaf=told)


def added_up(tx: Connection, partner: str) -> list[Bucket]:
    """The 256 sums, added up anew from the disclosures: for a comparison in full."""
    leaves: list[list[bytes]] = [[] for _ in range(BUCKETS)]
    for one in every(tx, partner):
        leaves[bucket_of(one.ref)].append(one.leaf)
    return [Bucket().changed(add=some) for some in leaves]


def put_right(tx: Connection, partner: str) -> bool:
    """See to it that the sums are those of the disclosures; say whether they were not."""
    if sums.buckets(tx, partner, Side.OURS) == added_up(tx, partner):
        return False
    sums.replace(tx, partner, Side.OURS, ((one.ref, one.leaf) for one in every(tx, partner)))
    return True


# -- compared at every receipt ---------------------------------------------------------------------


def compare(tx: Connection, batch: Batch, receipt: Receipt, *, now: datetime) -> None:
    """Hold the digest of a receipt, just settled, against our sums.

    A difference is believed only if the receipt must know everything that we count.
    """
    if receipt.holdings is None:
        return
    partner = batch.partner
    expected = sums.held(tx, partner, Side.OURS)
    agree = receipt.holdings == expected.digest and receipt.held in (None, expected.count)
    if agree or (_at_rest(tx, partner) and _knows_all(tx, batch) and not _in_doubt(tx, partner)):
        note(tx, partner, expected, receipt.held, receipt.holdings, now=now)


def note(
    tx: Connection,
    partner: str,
    expected: Holdings,
    held_count: int | None,
    held_digest: str,
    *,
    now: datetime,
) -> None:
    """Write down a comparison; a change of its verdict is an entry in the ledger."""
    agree = held_digest == expected.digest and held_count in (None, expected.count)
    before = checked(tx, partner)
    said = {
        "at": now,
        "agree": agree,
        "expected_count": expected.count,
        "expected_digest": expected.digest,
        "held_count": held_count,
        "held_digest": held_digest,
    }
    tx.execute(_noting(tx), {"partner": partner, **said})
    if agree == (before is None or before.agree):
        return
    told = {
        "expected": [expected.count, expected.digest],
        "held": [held_count, held_digest],
    }
    kind = "holdings agree" if agree else "holdings differ"
    ledger.add(tx, kind, told, now=now, partner=partner)


def checked(tx: Connection, partner: str) -> Check | None:
    """The last comparison with this partner, if there was one."""
    row = tx.execute(_CHECKED, {"partner": partner}).one_or_none()
    if row is None:
        return None
    return Check(
        at=row.at,
        agree=row.agree,
        expected=Holdings(row.expected_count, row.expected_digest),
        held_count=row.held_count,
        held_digest=row.held_digest,
    )


_CHECKED = select(holdings_checks).where(holdings_checks.c.partner == bindparam("partner"))


@once
def _noting(tx: Connection) -> Insert:
    into = upsert(tx, holdings_checks)
    said = {column.name: into.excluded[column.name] for column in holdings_checks.c}
    return into.on_conflict_do_update(index_elements=["partner"], set_=said)


def _at_rest(tx: Connection, partner: str) -> bool:
    """Whether nothing is in flight on either lane: the partner is not about to apply anything."""
    flying = or_(UNANSWERED, batches.c.state == "received")
    query = select(batches.c.id).where(batches.c.lane_id.in_(of_partner(tx, partner)), flying)
    return tx.execute(query.limit(1)).first() is None


def _knows_all(tx: Connection, batch: Batch) -> bool:
    """Whether this receipt was written after everything else that we count had been applied.

    It was not, if it is a stored one that was replayed after a lost answer while others went on.
    A receipt that follows a "received" is written when the load is done; a lane is loaded in order.
    """
    lane = tx.execute(select(lanes).where(lanes.c.id == batch.lane_id)).one()
    if (lane.epoch, lane.next_number) != (batch.epoch, batch.number + 1):
        return False
    loaded_in_order = batch.state is State.RECEIVED
    others = [
        lane_id
        for lane_id in of_partner(tx, batch.partner)
        if lane_id != batch.lane_id or not loaded_in_order
    ]
    last = select(func.max(batches.c.closed_at)).where(
        batches.c.lane_id.in_(others), batches.c.id != batch.id
    )
    closed_at = tx.scalar(last)
    return closed_at is None or closed_at < batch.sealed_at


def _in_doubt(tx: Connection, partner: str) -> bool:
    """Whether of some life nobody can tell what the partner has: an issue that was replaced, or a
    batch that was given up, said something of it that no receipt speaks of. Its pair still waits,
    to be told anew or withdrawn; what is withdrawn may not even have been asked for yet.
    """
    told = exists().where(
        batch_notices.c.ref == disclosures.c.ref,
        batch_notices.c.kind == "announcement",
        batch_notices.c.outcome.is_(None),
        batch_notices.c.version > func.coalesce(disclosures.c.held_version, 0),
    )
    announced = (
        select(pending.c.account)
        .join(
            disclosures,
            (disclosures.c.partner == pending.c.partner)
            & (disclosures.c.account == pending.c.account)
            & disclosures.c.withdraw_since.is_(None),
        )
        .where(pending.c.partner == partner, pending.c.ref == "", told)
    )
    asked = exists().where(
        batch_notices.c.ref == pending.c.ref, batch_notices.c.kind == "withdrawal"
    )
    withdrawn = (
        select(pending.c.account)
        .join(disclosures, disclosures.c.ref == pending.c.ref)
        .where(pending.c.partner == partner, pending.c.ref != "", or_(asked, told))
    )
    return any(tx.execute(query.limit(1)).first() for query in (withdrawn, announced))
