"""What proves a batch: its issues as they were sealed, and the receipts that answered them; and the
certificates under which both were signed.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from outbox.batch import Batch
from schemas.tables import batch_files, certificates, own_keys, receipts


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One sealed issue; `digest` is the SHA-256 (hex) of its file. `erased_at` is when the file went
    because its term was over.
    """

    issue: int
    digest: str
    sealed_at: datetime
    erased_at: datetime | None = None


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
    f = batch_files.c
    query = select(f.issue, f.digest, f.sealed_at, f.erased_at).where(
        batch_files.c.batch_id == batch.id
    )
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


def issue_file(tx: Connection, batch: Batch, issue: int) -> bytes | None:
    """The sealed bytes of an issue; None where retention erased them. Who may have them is said by
    `release.evidence`.
    """
    here = (batch_files.c.batch_id == batch.id) & (batch_files.c.issue == issue)
    found = tx.scalar(select(batch_files.c.file).where(here))
    return None if found is None else bytes(found)


def receipt_file(tx: Connection, digest: str) -> bytes | None:
    """The signed bytes of a receipt; None where retention erased them."""
    found = tx.scalar(select(receipts.c.file).where(receipts.c.digest == digest))
    return None if found is None else bytes(found)


def receipt_erased_at(tx: Connection, digest: str) -> datetime | None:
    """When the file of a receipt went because its term was over."""
    found: datetime | None = tx.scalar(
        select(receipts.c.erased_at).where(receipts.c.digest == digest)
    )
    return found


def certificate(tx: Connection, fingerprint: str) -> str | None:
    """The PEM of a certificate that is or was ours, or is or was pinned for a partner."""
    theirs = select(certificates.c.pem).where(certificates.c.fingerprint == fingerprint)
    ours = select(own_keys.c.certificate).where(own_keys.c.fingerprint == fingerprint)
    return tx.scalar(theirs) or tx.scalar(ours)
