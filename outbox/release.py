"""The one function that lets a batch out (P1).

Push, pull, retry, re-issue and replay all come through `release`. In one transaction it looks at
the lane's fence, the pause, the gate, and for every announcement at consent, agreement and status
as they are now; opens the attempt; writes the ledger; and hands over the bytes. They may leave
after its commit, never before.

    nothing in flight, a draft in hand  --basis unchanged--> a new number, issue 1
    in flight, still allowed            ---------------------> the same bytes again
    in flight, a draft of its re-issue  --basis unchanged--> the same number, next issue
    otherwise                           ---------------------> nothing leaves, and why
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, literal, select, update

from outbox import batch as batches_
from outbox import gate as gates
from outbox import ledger, pending, telling
from outbox.batch import Batch, State
from outbox.candidate import Basis, Nothing, basis, facts
from outbox.draft import Aside, Draft, select_again
from outbox.gate import Gate
from outbox.house import House
from schemas.batch import Lane
from schemas.errors import BadRequest
from schemas.tables import attempts, batch_files, batch_notices, batches, lanes
from schemas.tables import pending as rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Leave to transmit one issue once. The attempt is open: from now on they may have heard."""

    batch: Batch
    file: bytes
    attempt: int
    push_url: str | None


@dataclass(frozen=True, slots=True)
class Spoiled:
    """The draft rests on what is no longer so. Draft again."""


@dataclass(frozen=True, slots=True)
class Stale:
    """The batch in flight says what may not be said any more. Draft its re-issue."""

    batch: Batch


@dataclass(frozen=True, slots=True)
class Closed:
    """Nothing may leave on this lane now, for this reason; it is looked at again later."""

    code: str | None


@dataclass(frozen=True, slots=True)
class Idle:
    """There is nothing in flight and no draft in hand."""


@dataclass(frozen=True, slots=True)
class FencedOut:
    """The lane is not ours any more. Write nothing."""


Released = Claim | Spoiled | Stale | Closed | Idle | FencedOut


def release(
    tx: Connection,
    house: House,
    *,
    lane_id: int,
    fence: int,
    worker: str,
    now: datetime,
    draft: Draft | None = None,
) -> Released:
    """Let the lane's next transmission out, or say why not. The caller commits before sending."""
    lane = tx.execute(
        select(lanes).where(lanes.c.id == lane_id, lanes.c.fence == fence).with_for_update()
    ).one_or_none()
    if lane is None:
        return FencedOut()
    tx.execute(
        update(lanes).where(lanes.c.id == lane_id).values(leased_until=now + house.terms.lease)
    )
    if lane.paused:
        return Closed(None)
    gate = gates.gate(tx, house, lane.partner, now=now)
    if gate.closed is not None and lane.kind == Lane.ROUTINE:
        return Closed(gate.closed)
    flying = batches_.unanswered(tx, lane_id)
    if flying is None:
        if draft is None:
            return Idle() if gate.closed is None else Closed(gate.closed)
        if draft.reissue_of is not None or not _stands(tx, lane, gate, draft):
            return Spoiled()
        return _seal(tx, house, lane, gate, draft, fence=fence, worker=worker, now=now)
    if draft is not None and draft.reissue_of is not None:
        same = (draft.reissue_of.id, draft.reissue_of.issue) == (flying.id, flying.issue)
        if not same or not _stands_again(tx, flying, gate, draft):
            return Spoiled()
        return _reissue(tx, house, flying, gate, draft, fence=fence, worker=worker, now=now)
    if flying.stale or select_again(tx, house, gate, flying).asides:
        return Stale(flying)
    return _again(tx, flying, gate, fence=fence, worker=worker, now=now)


def export(tx: Connection, house: House, batch_id: int, *, by: str, now: datetime) -> bytes:
    """The sealed bytes of a batch's newest issue, for a person's own records.

    An answered batch is evidence. An unanswered one could still travel in somebody's pocket, so
    it is handed out only while it may leave (`BadRequest` MRX-5007). Either way it is an act in
    the ledger.
    """
    batch = batches_.get(tx, batch_id)
    if batch.state not in batches_.ANSWERED:
        gate = gates.gate(tx, house, batch.partner, now=now)
        if batch.stale or select_again(tx, house, gate, batch).asides:
            raise BadRequest("MRX-5007")
    told = {"batch": batch.number, "lane": batch.lane, "issue": batch.issue, "by": by}
    ledger.add(tx, "exported", told, now=now, partner=batch.partner)
    return batches_.file(tx, batch.id, batch.issue)


# -- is the draft still true? ----------------------------------------------------------------------


def _stands(tx: Connection, lane: Row[Any], gate: Gate, draft: Draft) -> bool:
    """Whether the rows, and all they rest on, are exactly as the draft found them."""
    header = draft.header
    if (header.number, header.previous) != (lane.next_number, lane.last_digest):
        return False
    waiting = (rows.c.lane_id == lane.id) & rows.c.batch_id.is_(None) & rows.c.blocked.is_(None)
    query = facts(rows, rows.c.partner, rows.c.account).where(
        waiting,
        rows.c.ref == pending.ANNOUNCE,
        rows.c.account.in_([line.account for line in draft.lines]),
    )
    now_so = {row.account: basis(row, gate) for row in tx.execute(query)}
    if now_so != {line.account: line.basis for line in draft.lines}:
        return False
    refs = {ref for ref, _ in draft.withdrawals}
    there = tx.scalars(select(rows.c.ref).where(waiting, rows.c.ref.in_(refs)))
    return set(there) == refs


def _stands_again(tx: Connection, flying: Batch, gate: Gate, draft: Draft) -> bool:
    """The same for a re-issue, whose lines are those of the batch in flight."""
    query = facts(batch_notices, literal(flying.partner), batch_notices.c.account).where(
        batch_notices.c.batch_id == flying.id,
        batch_notices.c.kind == "announcement",
        batch_notices.c.dropped_issue.is_(None),
    )
    now_so = {row.account: basis(row, gate) for row in tx.execute(query)}
    meant = {line.account: line.basis for line in draft.lines}
    meant |= {aside.row.account: aside.basis for aside in draft.dropped}
    meant.update(draft.left_over)
    return now_so == meant


# -- the three ways out ----------------------------------------------------------------------------


def _seal(
    tx: Connection,
    house: House,
    lane: Row[Any],
    gate: Gate,
    draft: Draft,
    *,
    fence: int,
    worker: str,
    now: datetime,
) -> Claim:
    batch_id = (tx.scalar(select(func.max(batches.c.id))) or 0) + 1
    tx.execute(
        update(lanes)
        .where(lanes.c.id == lane.id, lanes.c.next_number == draft.header.number)
        .values(next_number=lanes.c.next_number + 1)
    )
    tx.execute(
        insert(batches).values(
            id=batch_id,
            lane_id=lane.id,
            number=draft.header.number,
            issue=1,
            state=State.SENDING.value,
            stale=False,
            fence=fence,
            digest=draft.digest,
            previous_digest=draft.header.previous,
            announcements=draft.header.announcements,
            withdrawals=draft.header.withdrawals,
            bytes=len(draft.file),
            attempts=0,
            sealed_at=now,
            first_sent_at=now,
        )
    )
    _keep(tx, batch_id, draft, now=now)
    _queue(tx, batch_id, rows.c.lane_id == lane.id, draft)
    telling.tell(tx, batch_id, lane.id, lane.partner, draft, now=now)
    _enter(tx, house, "disclosed", batch_id, draft, now=now)
    return _attempt(tx, batches_.get(tx, batch_id), draft.file, gate, worker=worker, now=now)


def _reissue(
    tx: Connection,
    house: House,
    flying: Batch,
    gate: Gate,
    draft: Draft,
    *,
    fence: int,
    worker: str,
    now: datetime,
) -> Claim:
    issue = draft.header.issue
    batches_.close_attempt(tx, flying.id, flying.attempts, outcome="lost", code="MRX-6006", now=now)
    _drop(tx, flying, draft, now=now)
    tx.execute(
        update(batches)
        .where(batches.c.id == flying.id)
        .values(
            issue=issue,
            stale=False,
            digest=draft.digest,
            announcements=draft.header.announcements,
            withdrawals=draft.header.withdrawals,
            bytes=len(draft.file),
            sealed_at=now,
            state=State.SENDING.value,
            fence=fence,
        )
    )
    _keep(tx, flying.id, draft, now=now)
    telling.tell(tx, flying.id, flying.lane_id, flying.partner, draft, now=now)
    _enter(tx, house, "disclosed", flying.id, draft, now=now)
    return _attempt(tx, batches_.get(tx, flying.id), draft.file, gate, worker=worker, now=now)


def _again(
    tx: Connection, flying: Batch, gate: Gate, *, fence: int, worker: str, now: datetime
) -> Claim:
    """The same bytes under the same number. A predecessor that died left its attempt open."""
    batches_.close_attempt(tx, flying.id, flying.attempts, outcome="lost", code="MRX-6006", now=now)
    batches_.move(tx, flying, State.SENDING, fence=fence)
    told = {
        "lane": flying.lane,
        "batch": flying.number,
        "issue": flying.issue,
        "attempt": flying.attempts + 1,
    }
    ledger.add(tx, "sent again", told, now=now, partner=flying.partner)
    bytes_ = batches_.file(tx, flying.id, flying.issue)
    return _attempt(tx, batches_.get(tx, flying.id), bytes_, gate, worker=worker, now=now)


def _attempt(
    tx: Connection, batch: Batch, file: bytes, gate: Gate, *, worker: str, now: datetime
) -> Claim:
    n = batch.attempts + 1
    tx.execute(update(batches).where(batches.c.id == batch.id).values(attempts=n))
    tx.execute(
        insert(attempts).values(
            batch_id=batch.id,
            n=n,
            issue=batch.issue,
            fence=batch.fence,
            worker=worker,
            began_at=now,
        )
    )
    return Claim(batch=batch, file=file, attempt=n, push_url=gate.push_url)


# -- what each of them writes ----------------------------------------------------------------------


def _keep(tx: Connection, batch_id: int, draft: Draft, *, now: datetime) -> None:
    tx.execute(
        insert(batch_files).values(
            batch_id=batch_id,
            issue=draft.header.issue,
            digest=draft.digest,
            file=draft.file,
            sealed_at=now,
        )
    )


def _queue(tx: Connection, batch_id: int, lane: Any, draft: Draft) -> None:
    """Write on the pending rows that they are in this batch."""
    waiting = lane & rows.c.batch_id.is_(None) & rows.c.blocked.is_(None)
    into = update(rows).values(batch_id=batch_id)
    for column, keys in (
        (rows.c.account, [line.account for line in draft.lines]),
        (rows.c.ref, [ref for ref, _ in draft.withdrawals]),
    ):
        announces = (rows.c.ref == pending.ANNOUNCE) == (column is rows.c.account)
        if keys:
            tx.execute(into.where(waiting, announces, column.in_(keys)))


def _drop(tx: Connection, flying: Batch, draft: Draft, *, now: datetime) -> None:
    """Write which notices the next issue no longer says, and take back what must not stay."""
    for aside in draft.dropped:
        if not isinstance(aside.judgement, Nothing):
            pending.apply_block(tx, aside.row, aside.judgement, now=now)
    gone = {aside.row.account for aside in draft.dropped} | set(draft.left_over)
    _leave_out(tx, flying, draft, "announcement", batch_notices.c.account.in_(gone))
    told = [ref for ref, _ in draft.withdrawals]
    _leave_out(tx, flying, draft, "withdrawal", batch_notices.c.ref.not_in(told))


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
            (rows.c.ref == pending.ANNOUNCE) == announces,
            (rows.c.account if announces else rows.c.ref).in_(keys),
        )
        .values(batch_id=None)
    )


def _enter(
    tx: Connection, house: House, kind: str, batch_id: int, draft: Draft, *, now: datetime
) -> None:
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
    ledger.add(tx, kind, entry, now=now, partner=header.recipient)
