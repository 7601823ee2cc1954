"""Withdrawals: asking a partner to delete, and believing that it has.

    withdraw --> an urgent notice, until a receipt says what became of the life
       '--receipt--> gone: erased | retained | not held    and who waited for it is told

A withdrawal goes to whoever may have heard, whatever is allowed today.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, delete, exists, func, select, update

from outbox import holdings
from outbox import lane as lanes
from outbox.batch import Batch
from schemas.batch import Lane
from schemas.database import upsert
from schemas.narrowing import filtered
from schemas.receipt import Erasure
from schemas.tables import batch_notices, batches, disclosures, pending, revocations

ANNOUNCE = ""  # the ref of a pending row that announces; another row's is the life to withdraw
RANK = 0  # before everything else
ON_ITS_WAY, CONFIRMED = "withdrawal on its way", "deletion confirmed"


def withdraw(
    tx: Connection,
    partner: str,
    lives: Sequence[tuple[str, str]],
    *,
    reason: str,
    now: datetime,
) -> None:
    """End lives, (account, ref), at one partner: an urgent notice each, and no unanswered batch
    goes on announcing them: it is re-issued before it leaves again.
    """
    if not lives:
        return
    lane_id = lanes.ids(tx, Lane.URGENT)[partner]
    tx.execute(
        upsert(tx, pending).on_conflict_do_nothing(index_elements=["partner", "account", "ref"]),
        [
            {
                "partner": partner,
                "account": account,
                "ref": ref,
                "lane_id": lane_id,
                "rank": RANK,
                "since": now,
            }
            for account, ref in lives
        ],
    )
    saying = exists().where(
        batch_notices.c.batch_id == batches.c.id,
        batch_notices.c.ref.in_([ref for _, ref in lives]),
        batch_notices.c.kind == "announcement",
        batch_notices.c.dropped_issue.is_(None),
    )
    unanswered = batches.c.state.in_(("sealed", "sending", "unknown"))
    tx.execute(
        update(batches)
        .where(batches.c.lane_id.in_(lanes.of_partner(tx, partner)), unanswered, saying)
        .values(stale=True)
    )
    tx.execute(
        update(disclosures).where(
            disclosures.c.ref == bindparam("which"),
            filtered(disclosures.c.partner) == partner,
            disclosures.c.withdraw_since.is_(None),
        ),
        [{"which": ref, "withdraw_since": now, "withdraw_reason": reason} for _, ref in lives],
    )


def leave(tx: Connection, accounts: Collection[str], *, reason: str, now: datetime) -> None:
    """These members are not on the roll any more: nothing is queued, and who knows them is told."""
    queued = pending.c.account.in_(accounts) & (pending.c.ref == ANNOUNCE)
    # Written before it is deleted, so that a claim that holds the row is waited for.
    tx.execute(update(pending).where(queued).values(batch_id=None))
    tx.execute(delete(pending).where(queued))
    known = (
        select(disclosures.c.partner, disclosures.c.account, disclosures.c.ref)
        .where(disclosures.c.account.in_(accounts), disclosures.c.withdraw_since.is_(None))
        .order_by(disclosures.c.partner, disclosures.c.account)
    )
    by_partner: dict[str, list[tuple[str, str]]] = {}
    for row in tx.execute(known):
        by_partner.setdefault(row.partner, []).append((row.account, row.ref))
    for partner, lives in by_partner.items():
        withdraw(tx, partner, lives, reason=reason, now=now)


def held_by_partner(tx: Connection, accounts: Collection[str] | None = None) -> dict[str, int]:
    """How many lives each partner may know, of these members or of all."""
    query = select(disclosures.c.partner, func.count()).where(
        disclosures.c.withdraw_since.is_(None)
    )
    if accounts is not None:
        query = query.where(disclosures.c.account.in_(accounts))
    return {row[0]: row[1] for row in tx.execute(query.group_by(disclosures.c.partner))}


def confirm(tx: Connection, batch: Batch, erasures: Iterable[Erasure], *, now: datetime) -> None:
    """These lives are over at the partner; revocations that waited for the last one are confirmed.

    Only refs this batch withdrew are believed: nobody asked for another.
    """
    told = list(erasures)
    if not told:
        return
    asked = {
        row.ref: row.account
        for row in tx.execute(
            select(batch_notices.c.ref, batch_notices.c.account).where(
                batch_notices.c.batch_id == batch.id, batch_notices.c.kind == "withdrawal"
            )
        )
    }
    gone = [erasure for erasure in told if erasure.ref in asked]
    if not gone:
        return
    tx.execute(
        update(batch_notices).where(
            batch_notices.c.batch_id == batch.id, batch_notices.c.ref == bindparam("which")
        ),
        [{"which": e.ref, "outcome": "withdrawn", "code": e.fate.value} for e in gone],
    )
    holdings.forget(tx, batch.partner, [e.ref for e in gone])
    tx.execute(
        update(disclosures).where(
            disclosures.c.ref == bindparam("which"),
            filtered(disclosures.c.partner) == batch.partner,
            disclosures.c.gone_at.is_(None),
        ),
        [
            {
                "which": e.ref,
                "gone_at": now,
                "fate": e.fate.value,
                "law": e.law,
                "retained_until": e.until,
            }
            for e in gone
        ],
    )
    accounts = {asked[e.ref] for e in gone}
    tx.execute(
        delete(pending).where(
            pending.c.partner == batch.partner,
            pending.c.account.in_(accounts),
            pending.c.ref.in_([e.ref for e in gone]),
        )
    )
    still = exists().where(
        disclosures.c.partner == revocations.c.partner,
        disclosures.c.account == revocations.c.account,
        disclosures.c.withdraw_since.is_not(None),
        disclosures.c.gone_at.is_(None),
    )
    tx.execute(
        update(revocations)
        .where(
            revocations.c.partner == batch.partner,
            revocations.c.account.in_(accounts),
            revocations.c.answer == ON_ITS_WAY,
            ~still,
        )
        .values(confirmed_at=now, answer=CONFIRMED)
    )


def still_asked(tx: Connection, batch: Batch) -> bool:
    """Whether an answered batch asked for a withdrawal that its receipt did not confirm."""
    if not batch.withdrawals:
        return False
    return tx.scalar(_ASKED, {"batch": batch.id, "partner": batch.partner}) is not None


_ASKED = (
    select(pending.c.ref)
    .join(
        batch_notices,
        and_(
            batch_notices.c.batch_id == bindparam("batch"),
            batch_notices.c.account == pending.c.account,
            batch_notices.c.ref == pending.c.ref,
        ),
    )
    .where(filtered(pending.c.partner) == bindparam("partner"), pending.c.ref != ANNOUNCE)
    .where(batch_notices.c.kind == "withdrawal", batch_notices.c.dropped_issue.is_(None))
    .where(pending.c.batch_id.is_(None))
    .limit(1)
)
