"""What proves a batch: its issues as they were sealed, and the receipts that answered them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from outbox.batch import Batch
from schemas.tables import batch_files, receipts


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One sealed issue; `digest` is the SHA-256 (hex) of its file."""

    issue: int
    digest: str
    sealed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """One receipt that verified. `digest` is of the receipt's own file, `certificate` the
    fingerprint of the certificate it verified against.
    """

    issue: int
    level: str
    verdict: str | None
    digest: str
    certificate: str
    received_at: datetime


def issues(tx: Connection, batch: Batch) -> list[Issue]:
    """Every issue of the batch's number, in order."""
    columns = (batch_files.c.issue, batch_files.c.digest, batch_files.c.sealed_at)
    query = select(*columns).where(batch_files.c.batch_id == batch.id)
    rows = tx.execute(query.order_by(batch_files.c.issue))
    return [Issue(**row._mapping) for row in rows]  # noqa: SLF001  # SQLAlchemy's public name


def receipts_of(tx: Connection, lane_id: int, epoch: str, number: int) -> list[Receipt]:
    """Every receipt for a number of a lane's epoch, late and repeated ones too, in order of arrival."""
    query = select(
        receipts.c.issue,
        receipts.c.level,
        receipts.c.verdict,
        receipts.c.digest,
        receipts.c.certificate,
        receipts.c.received_at,
    ).where(
        receipts.c.lane_id == lane_id,
        receipts.c.epoch == epoch,
        receipts.c.number == number,
    )
    rows = tx.execute(query.order_by(receipts.c.received_at, receipts.c.issue))
    return [Receipt(**row._mapping) for row in rows]  # noqa: SLF001  # SQLAlchemy's public name
