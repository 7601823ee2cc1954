"""What a partner's receipt says of withdrawn lives, and who was waiting to hear it."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from outbox.batch import Batch
from schemas.receipt import Erasure
from schemas.tables import batch_notices, disclosures, pending, revocations


def confirm(tx: Connection, batch: Batch, erasures: Iterable[Erasure], *, now: datetime) -> None:
    """These lives are over at the partner; revocations that waited for the last one are confirmed.

    Only refs this batch withdrew are believed: nobody asked for another.
    """
    asked = {
        row.ref: row.account
        for row in tx.execute(
            select(batch_notices.c.ref, batch_notices.c.account).where(
                batch_notices.c.batch_id == batch.id, batch_notices.c.kind == "withdrawal"
            )
        )
    }
    for erasure in erasures:
        if erasure.ref not in asked:
            continue
        tx.execute(
            update(batch_notices)
            .where(batch_notices.c.batch_id == batch.id, batch_notices.c.ref == erasure.ref)
            .values(outcome="withdrawn", code=erasure.fate.value)
        )
        tx.execute(
            update(disclosures)
            .where(disclosures.c.ref == erasure.ref, disclosures.c.gone_at.is_(None))
            .values(
                gone_at=now,
                fate=erasure.fate.value,
                law=erasure.law,
                retained_until=erasure.until,
            )
        )
        tx.execute(
            delete(pending).where(
                pending.c.partner == batch.partner,
                pending.c.account == asked[erasure.ref],
                pending.c.ref == erasure.ref,
            )
        )
        _tell_who_waits(tx, batch.partner, asked[erasure.ref], now)


def still_asked(tx: Connection, batch: Batch) -> bool:
    """Whether an answered batch asked for a withdrawal that its receipt did not confirm."""
    asked = (
        select(pending.c.ref)
        .join(
            batch_notices,
            (batch_notices.c.ref == pending.c.ref) & (batch_notices.c.batch_id == batch.id),
        )
        .where(pending.c.partner == batch.partner, pending.c.ref != "")
        .where(batch_notices.c.kind == "withdrawal", batch_notices.c.dropped_issue.is_(None))
        .where(pending.c.batch_id.is_(None))
        .limit(1)
    )
    return tx.scalar(asked) is not None


def _tell_who_waits(tx: Connection, partner: str, account: str, now: datetime) -> None:
    still = (
        select(disclosures.c.ref)
        .where(
            disclosures.c.partner == partner,
            disclosures.c.account == account,
            disclosures.c.withdraw_since.is_not(None),
            disclosures.c.gone_at.is_(None),
        )
        .limit(1)
    )
    if tx.scalar(still) is None:
        tx.execute(
            update(revocations)
            .where(
                revocations.c.partner == partner,
                revocations.c.account == account,
                revocations.c.confirmed_at.is_(None),
                revocations.c.answer == "withdrawal on its way",
            )
            .values(confirmed_at=now, answer="deletion confirmed")
        )
