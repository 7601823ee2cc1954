"""Writing down that one issue of a batch is about to leave.

Called by `release` alone, in its transaction: the batch row, the sealed file, the notices and
disclosures, the pending rows that are now in flight, the open attempt, the ledger's word. All of
it is committed before the first byte leaves, or none of it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from outbox import batch as batches_
from outbox import ledger, losses, outcomes, pending, telling, waiting
from outbox.batch import Batch, State
from outbox.candidate import Block
from outbox.draft import Draft
from outbox.gate import Gate
from outbox.outcomes import Blocked
from outbox.telling import Best
from outbox.withdrawals import ANNOUNCE
from schemas.database import next_id
from schemas.tables import attempts, batch_files, batch_notices, batches, lanes
from schemas.tables import pending as rows

_TAKE_NUMBER = (
    update(lanes)
    .where(lanes.c.id == bindparam("lane"), lanes.c.next_number == bindparam("number"))
    .values(next_number=lanes.c.next_number + 1)
)
_NEW = insert(batches)
_COLUMNS = batches.c.keys()
_KEEP = insert(batch_files)
_OPEN_ATTEMPT = insert(attempts)
_ANNOUNCED = update(rows).where(waiting.ANNOUNCING).values(batch_id=bindparam("batch"))
_WITHDRAWN = update(rows).where(waiting.WITHDRAWING).values(batch_id=bindparam("batch"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Leave to transmit one issue once. The attempt is open: from now on they may have heard."""

    batch: Batch
    file: bytes
    attempt: int
    push_url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer:
    """Who lets it out, and when: the fence of the lane's lease, the worker, the moment."""

    fence: int
    worker: str
    now: datetime


def first(
    tx: Connection, lane: Row[Any], gate: Gate, draft: Draft, best: Best, by: Bearer
) -> Claim:
    """A draft becomes the lane's next number, issue 1. `best` is what the partner may hold now of
    the lives it announces.
    """
    batch = Batch(
        id=next_id(tx, batches.c.id),
        lane_id=lane.id,
        partner=lane.partner,
        lane=lane.kind,
        epoch=lane.epoch,
        number=draft.header.number,
        issue=1,
        state=State.SENDING,
        stale=False,
        fence=by.fence,
        revision=gate.revision,
        digest=draft.digest,
        previous_digest=draft.header.previous,
        announcements=draft.header.announcements,
        withdrawals=draft.header.withdrawals,
        bytes=len(draft.file),
        attempts=1,
        code=None,
        sealed_at=by.now,
        first_sent_at=by.now,
        closed_at=None,
    )
    tx.execute(_TAKE_NUMBER, {"lane": lane.id, "number": batch.number})
    tx.execute(_NEW, {name: getattr(batch, name) for name in _COLUMNS})
    _keep(tx, batch.id, draft, now=by.now)
    _queue(tx, batch, draft)
    telling.tell(tx, batch.id, lane.id, lane.partner, draft, best, now=by.now)
    _enter(tx, batch.id, draft, now=by.now)
    return _attempt(tx, batch, draft.file, gate, by)


def next_issue(
    tx: Connection, flying: Batch, gate: Gate, draft: Draft, best: Best, by: Bearer
) -> Claim:
    """A draft replaces the issue in flight, under the same number."""
    issue = draft.header.issue
    batches_.close_attempt(
        tx, flying.id, flying.attempts, outcome="lost", code="MRX-6006", now=by.now
    )
    blocked = _drop(tx, flying, draft, now=by.now)
    tx.execute(
        update(batches)
        .where(batches.c.id == flying.id)
        .values(
            issue=issue,
            stale=False,
            revision=gate.revision,
            digest=draft.digest,
            announcements=draft.header.announcements,
            withdrawals=draft.header.withdrawals,
            bytes=len(draft.file),
            sealed_at=by.now,
            state=State.SENDING.value,
            fence=by.fence,
            attempts=flying.attempts + 1,
        )
    )
    _keep(tx, flying.id, draft, now=by.now)
    telling.tell(tx, flying.id, flying.lane_id, flying.partner, draft, best, now=by.now)
    _enter(tx, flying.id, draft, now=by.now)
    outcomes.blocked(tx, flying.partner, blocked, now=by.now)
    return _attempt(tx, batches_.get(tx, flying.id), draft.file, gate, by)


def again(tx: Connection, flying: Batch, gate: Gate, by: Bearer) -> Claim:
    """The same bytes under the same number. A predecessor that died left its attempt open."""
    batches_.close_attempt(
        tx, flying.id, flying.attempts, outcome="lost", code="MRX-6006", now=by.now
    )
    batches_.move(tx, flying, State.SENDING, fence=by.fence, attempts=flying.attempts + 1)
    told = {
        "lane": flying.lane,
        "batch": flying.number,
        "issue": flying.issue,
        "attempt": flying.attempts + 1,
    }
    ledger.add(tx, "sent again", told, now=by.now, partner=flying.partner)
    bytes_ = batches_.file(tx, flying.id, flying.issue)
    return _attempt(tx, batches_.get(tx, flying.id), bytes_, gate, by)


def _attempt(tx: Connection, batch: Batch, file: bytes, gate: Gate, by: Bearer) -> Claim:
    """Open the attempt that the batch's row counts already."""
    tx.execute(
        _OPEN_ATTEMPT,
        {
            "batch_id": batch.id,
            "n": batch.attempts,
            "issue": batch.issue,
            "fence": batch.fence,
            "worker": by.worker,
            "began_at": by.now,
        },
    )
    return Claim(batch=batch, file=file, attempt=batch.attempts, push_url=gate.push_url)


# -- what each of them writes ----------------------------------------------------------------------


def _keep(tx: Connection, batch_id: int, draft: Draft, *, now: datetime) -> None:
    tx.execute(
        _KEEP,
        {
            "batch_id": batch_id,
            "issue": draft.header.issue,
            "digest": draft.digest,
            "file": draft.file,
            "sealed_at": now,
        },
    )


def _queue(tx: Connection, batch: Batch, draft: Draft) -> None:
    """Write on the pending rows that they are in this batch."""
    into = {"batch": batch.id, "whose": batch.partner, "lane": batch.lane_id}
    if draft.lines:
        accounts = [line.account for line in draft.lines]
        tx.execute(_ANNOUNCED, {**into, "accounts": accounts})
    if draft.withdrawals:
        accounts = [account for _, account in draft.withdrawals]
        refs = [ref for ref, _ in draft.withdrawals]
        tx.execute(_WITHDRAWN, {**into, "accounts": accounts, "refs": refs})


def _drop(tx: Connection, flying: Batch, draft: Draft, *, now: datetime) -> list[Blocked]:
    """Write which notices the next issue no longer says, and take back what must not stay.

    Returns whose row in the queue is blocked by that.
    """
    blocks = [
        (one.pair, one.judgement) for one in draft.dropped if isinstance(one.judgement, Block)
    ]
    left = pending.hold_back(tx, flying.partner, blocks, now=now)
    gone = {aside.pair.account for aside in draft.dropped} | set(draft.left_over)
    _leave_out(tx, flying, draft, "announcement", batch_notices.c.account.in_(gone))
    told = [ref for ref, _ in draft.withdrawals]
    _leave_out(tx, flying, draft, "withdrawal", batch_notices.c.ref.not_in(told))
    return left


def _leave_out(tx: Connection, flying: Batch, draft: Draft, kind: str, which: Any) -> None:
    """The next issue does not say these; their rows wait for a later number."""
    said = (
        (batch_notices.c.batch_id == flying.id)
        & (batch_notices.c.kind == kind)
        & batch_notices.c.dropped_issue.is_(None)
        & which
    )
    left = tx.execute(select(batch_notices.c.account, batch_notices.c.ref).where(said)).all()
    tx.execute(update(batch_notices).where(said).values(dropped_issue=draft.header.issue))
    announces = kind == "announcement"
    keys = [row.account if announces else row.ref for row in left]
    tx.execute(
        update(rows)
        .where(
            rows.c.batch_id == flying.id,
            (rows.c.ref == ANNOUNCE) == announces,
            (rows.c.account if announces else rows.c.ref).in_(keys),
        )
        .values(batch_id=None)
    )


def _enter(tx: Connection, batch_id: int, draft: Draft, *, now: datetime) -> None:
    """The ledger's word on one issue: who is told of whom, which version, on which ground (P8)."""
    header = draft.header
    entry = {
        "id": batch_id,
        "lane": header.lane.value,
        "epoch": header.epoch,
        "batch": header.number,
        "issue": header.issue,
        "digest": draft.digest,
        "announced": [
            [
                line.account,
                line.tell.record.ref,
                line.tell.record.version,
                line.tell.consent_id,
                line.tell.record.items_digest.hex(),
            ]
            for line in draft.lines
        ],
        "withdrawn": [[account, ref] for ref, account in draft.withdrawals],
    }
    ledger.add(tx, "disclosed", entry, now=now, partner=header.recipient)
    anew = [line.account for line in draft.lines if line.tell.first]
    losses.told_anew(tx, header.recipient, anew, now=now)
