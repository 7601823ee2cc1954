"""Believing a partner's receipt, and settling the batch it answers.

Only a verified receipt that names the digest of the newest issue settles anything. Whatever else
comes back leaves the batch unknown. A receipt for an earlier issue is filed and changes nothing.

    applied, all        every notice held or withdrawn                      -> settled
    applied, refusals   the refused ones wait for a person                  -> settled
    applied, refused    all of them wait; withdrawals are told again        -> refused
    received            it arrived; "applied" follows later                 -> received
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, Insert, bindparam, case, delete, select, update

from outbox import batch as batches_
from outbox import holdings, ledger, losses, outcomes, refusals, rest, withdrawals
from outbox.batch import Batch, State
from outbox.house import House
from partners import certificates, foreign_roll
from schemas import bulk, exchange
from schemas.database import once, upsert
from schemas.errors import Refused
from schemas.receipt import Level, Receipt, Verdict
from schemas.tables import batch_notices, disclosures, lanes, pending
from schemas.tables import receipts as receipts_
from signing.certificate import Certificate
from signing.open import content_of, open_sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class Believed:
    """A receipt whose signature holds, with the file that proves it."""

    receipt: Receipt
    content: bytes
    file: bytes
    digest: str
    signer: str


def believe(house: House, partner: str, file: bytes, *, now: datetime) -> Believed:
    """Open a receipt of this partner. Raises `NotTrusted`, `BadDocument` or `Refused`."""
    with house.database.read() as tx:
        pinned = certificates.pinned(tx, partner)
    trusted = [Certificate.parse(one.pem.encode()) for one in pinned]
    opened = open_sealed(file, trusted, now, bytes_max=house.terms.receipt_bytes_max)
    receipt = exchange.read_receipt(opened.content)
    if receipt.sender != partner:
        raise Refused("MRX-4002")
    if receipt.recipient != house.programme:
        raise Refused("MRX-4001")
    return Believed(
        receipt=receipt,
        content=opened.content,
        file=file,
        digest=opened.digest,
        signer=opened.signer.fingerprint,
    )


def answered(
    tx: Connection,
    believed: Believed,
    partner: str,
    *,
    now: datetime,
    expected: int | None = None,
) -> Batch:
    """The batch this receipt answers at its newest issue, or `Refused` with the reason why not.

    `expected` is the batch it came back for, where it is the answer to a transmission.
    """
    receipt = believed.receipt
    lane = tx.execute(_LANE, {"partner": partner, "kind": receipt.lane}).one()
    found = batches_.numbered(tx, lane.id, receipt.epoch, receipt.number)
    if found is None or expected not in (None, found.id):
        raise Refused("MRX-4009")
    if receipt.issue < found.issue:
        _file(tx, believed, found, now)
        raise Refused("MRX-4010")
    if (receipt.issue, receipt.digest) != (found.issue, found.digest):
        raise Refused("MRX-4009")
    if receipt.refused and not _said(tx, found) >= {refusal.ref for refusal in receipt.refused}:
        # It refuses something, and not what we said: nothing of it can be held for confirmed.
        raise Refused("MRX-4009")
    return found


def _said(tx: Connection, batch: Batch) -> set[str]:
    """The references that the batch's newest issue names."""
    return set(tx.scalars(_SAID, {"batch": batch.id}))


def settle(
    tx: Connection, house: House, batch: Batch, believed: Believed, *, now: datetime
) -> None:
    """Write down what a believed receipt says. The caller holds the lane row.

    Repeating it changes nothing: a batch that is closed stays as it was closed. Matches may come
    later, in another receipt of the same verdict: finding companies takes people time. One that
    contradicts the first is kept, noted in the ledger and changes nothing.
    """
    receipt = believed.receipt
    foreign_roll.heard(tx, batch.partner, now)
    closed = batch.state in (State.SETTLED, State.REFUSED)
    heard = closed and _heard(tx, believed, batch)
    _file(tx, believed, batch, now)
    if closed and not heard:
        _later(tx, batch, receipt, now)
    if closed or (receipt.level is Level.RECEIVED and batch.state is State.RECEIVED):
        return
    if receipt.level is Level.RECEIVED:
        target = State.RECEIVED
    elif receipt.verdict is Verdict.REFUSED:
        target = State.REFUSED
        refusals.whole(tx, house, batch, receipt.code or "MRX-2211", now=now)
    else:
        target = State.SETTLED
        _confirm(tx, batch, frozenset(refusal.ref for refusal in receipt.refused), now)
        withdrawals.confirm(tx, batch, receipt.withdrawals, now=now)
        refusals.some(tx, house, batch, receipt.refused, now=now)
        tx.execute(_TOLD, {"batch": batch.id})
    facts = {} if target is State.RECEIVED else {"closed_at": now, "code": receipt.code}
    batches_.move(tx, batch, target, **facts)
    if batch.state is not State.RECEIVED:
        # The next number names this issue's digest.
        tx.execute(_CHAIN, {"lane": batch.lane_id, "digest": batch.digest})
        if not withdrawals.still_asked(tx, batch):
            rest.succeeded(tx, batch.lane_id, batch.partner)
    if target is State.SETTLED:
        outcomes.answered(tx, batch, receipt.matches, code="MRX-2210", now=now)
        losses.answered(tx, batch)
    elif target is State.REFUSED:
        outcomes.answered(tx, batch, (), code="MRX-2211", now=now)
    told = {
        "lane": batch.lane,
        "batch": batch.number,
        "issue": batch.issue,
        "receipt": believed.digest,
        "level": receipt.level.value,
        "verdict": receipt.verdict.value if receipt.verdict else None,
        "refused": [[refusal.ref, refusal.code] for refusal in receipt.refused],
        "withdrawn": [[erasure.ref, erasure.fate.value] for erasure in receipt.withdrawals],
    }
    ledger.add(tx, "receipt", told, now=now, partner=batch.partner)
    if target is not State.RECEIVED:
        holdings.compare(tx, batch, receipt, now=now)


def _later(tx: Connection, batch: Batch, receipt: Receipt, now: datetime) -> None:
    refused = set(
        tx.scalars(
            select(batch_notices.c.ref).where(
                batch_notices.c.batch_id == batch.id, batch_notices.c.outcome == "refused"
            )
        )
    )
    whole = receipt.verdict is Verdict.REFUSED
    named = {refusal.ref for refusal in receipt.refused}
    if receipt.level is Level.RECEIVED or batch.code == "MRX-4013":
        return  # late, or given up with its epoch: its notices have gone again
    if whole != (batch.state is State.REFUSED) or (not whole and named != refused):
        told = {"lane": batch.lane, "batch": batch.number, "verdict": receipt.verdict}
        ledger.add(tx, "receipt contradicts", told, now=now, partner=batch.partner)
    elif receipt.matches:
        told = {"lane": batch.lane, "batch": batch.number, "matches": len(receipt.matches)}
        ledger.add(tx, "matches", told, now=now, partner=batch.partner)
        outcomes.matched(tx, batch, receipt.matches, now)


def _confirm(tx: Connection, batch: Batch, refused: frozenset[str], now: datetime) -> None:
    """The partner has these announcements: they are held, and nothing better than them is."""
    tx.execute(_HELD, {"batch": batch.id, "refused": list(refused)})
    holdings.advance(tx, batch)
    tx.execute(_ADVANCE, {"batch": batch.id, "now": now})


def _heard(tx: Connection, believed: Believed, batch: Batch) -> bool:
    """Whether a receipt of this batch has said exactly this before. One that is sealed twice is two
    files: a P-256 signature is another each time.
    """
    which = {"lane": batch.lane_id, "epoch": batch.epoch, "number": batch.number}
    before = tx.execute(_FILES, which).all()
    # Of one that was erased the digest is left: the very same file is known again.
    return any(
        digest == believed.digest if file is None else content_of(file) == believed.content
        for digest, file in before
    )


def _file(tx: Connection, believed: Believed, batch: Batch, now: datetime) -> None:
    """Keep the file, once."""
    receipt = believed.receipt
    kept = {
        "digest": sha256(believed.file).hexdigest(),
        "lane_id": batch.lane_id,
        "epoch": receipt.epoch,
        "number": receipt.number,
        "issue": receipt.issue,
        "file": believed.file,
        "level": receipt.level.value,
        "verdict": receipt.verdict.value if receipt.verdict else None,
        "certificate": believed.signer,
        "received_at": now,
    }
    tx.execute(_keep(tx), kept)


@once
def _keep(tx: Connection) -> Insert:
    return upsert(tx, receipts_).on_conflict_do_nothing(index_elements=["digest"])


_LANE = select(lanes.c.id).where(
    lanes.c.partner == bindparam("partner"), lanes.c.kind == bindparam("kind")
)
_FILES = select(receipts_.c.digest, receipts_.c.file).where(
    receipts_.c.lane_id == bindparam("lane"),
    receipts_.c.epoch == bindparam("epoch"),
    receipts_.c.number == bindparam("number"),
)
_CHAIN = (
    update(lanes).where(lanes.c.id == bindparam("lane")).values(last_digest=bindparam("digest"))
)
_TOLD = delete(pending).where(pending.c.batch_id == bindparam("batch"))
_SAID = select(batch_notices.c.ref).where(
    batch_notices.c.batch_id == bindparam("batch"), batch_notices.c.dropped_issue.is_(None)
)
_HELD = (
    update(batch_notices)
    .where(
        batch_notices.c.batch_id == bindparam("batch"),
        batch_notices.c.kind == "announcement",
        batch_notices.c.dropped_issue.is_(None),
        ~bulk.one_of(batch_notices.c.ref, "refused"),
    )
    .values(outcome="held")
)
# What was told last is confirmed: what was told before it cannot come back. The version of this
# batch may be older than the last one told; its digest is the notice's.
_LAST = disclosures.c.version == batch_notices.c.version
_ADVANCE = (
    update(disclosures)
    .where(holdings.ADVANCING)
    .values(
        held_version=batch_notices.c.version,
        held_digest=batch_notices.c.items_digest,
        held_at=bindparam("now", type_=disclosures.c.held_at.type),
        best_status=case((_LAST, disclosures.c.told_status), else_=disclosures.c.best_status),
        best_identifiers=case(
            (_LAST, disclosures.c.told_identifiers), else_=disclosures.c.best_identifiers
        ),
    )
)
