"""The one function that lets a batch out (P1).

Push, pull, retry, re-issue and replay all come through `release`. In one transaction it looks at
the lane's fence, the pause, the gate, and for every announcement at consent, agreement and status
as they are now; opens the attempt; writes the ledger; and hands over the bytes. They may leave
after its commit, never before.

    nothing in flight, a draft in hand  --basis unchanged--> a new number, issue 1
    in flight, still allowed            ---------------------> the same bytes again
    in flight, a draft of its re-issue  --basis unchanged--> the same number, next issue
    otherwise                           ---------------------> nothing leaves, and why

Smaller ways out stand beside it and ask the same questions: `export` and `evidence`, for a
person's records, and `answer`, one member's status for a partner that asks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Text, bindparam, literal, select, update

from outbox import batch as batches_
from outbox import gate as gates
from outbox import issuing, ledger, restored, telling, waiting
from outbox.batch import Batch
from outbox.candidate import Basis, Pair, Tell, basis, facts, ground, live, pair, truth
from outbox.draft import Draft, mapper_of, select_again
from outbox.evidence import issue_file
from outbox.gate import Gate
from outbox.house import House
from outbox.issuing import Bearer, Claim
from outbox.telling import Best
from schemas.batch import Lane
from schemas.errors import BadRequest
from schemas.identifiers import Identifier
from schemas.status import Status
from schemas.tables import batch_notices, is_set, lanes, member_identifiers
from schemas.tables import pending as rows

_SHARED_MAX = 100  # so many members with one identifier are looked at
_RENEW = (
    update(lanes)
    .where(lanes.c.id == bindparam("lane"), lanes.c.fence == bindparam("under"))
    .values(leased_until=bindparam("until"))
    .returning(lanes)
)
_ANNOUNCING = ground(rows, rows.c.partner, rows.c.account).where(waiting.ANNOUNCING)
_WITHDRAWING = select(rows.c.ref).where(waiting.WITHDRAWING)
_FLYING = ground(batch_notices, bindparam("whose", type_=Text), batch_notices.c.account).where(
    batch_notices.c.batch_id == bindparam("batch"),
    batch_notices.c.kind == "announcement",
    batch_notices.c.dropped_issue.is_(None),
)


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
    lane_id: int,
    by: Bearer,
    draft: Draft | None = None,
) -> Released:
    """Let the lane's next transmission out, or say why not. The caller commits before sending."""
    ours = {"lane": lane_id, "under": by.fence, "until": by.now + house.terms.lease}
    lane = tx.execute(_RENEW, ours).one_or_none()
    if lane is None:
        return FencedOut()
    if lane.paused:
        return Closed(None)
    if lane.restored_at is not None:  # withdrawals too: the partner is asked first
        return Closed(restored.SHUT)
    gate = gates.gate(tx, house, lane.partner, now=by.now)
    if gate.closed is not None and lane.kind == Lane.ROUTINE:
        return Closed(gate.closed)
    flying = batches_.unanswered(tx, lane_id)
    if flying is not None:
        return _in_flight(tx, house, flying, gate, draft, by)
    if draft is None:
        return Idle() if gate.closed is None else Closed(gate.closed)
    best = None if draft.reissue_of is not None else _stands(tx, lane, gate, draft)
    return Spoiled() if best is None else issuing.first(tx, lane, gate, draft, best, by)


def _in_flight(
    tx: Connection, house: House, flying: Batch, gate: Gate, draft: Draft | None, by: Bearer
) -> Released:
    if draft is not None and draft.reissue_of is not None:
        same = (draft.reissue_of.id, draft.reissue_of.issue) == (flying.id, flying.issue)
        best = _stands_again(tx, flying, gate, draft) if same else None
        return Spoiled() if best is None else issuing.next_issue(tx, flying, gate, draft, best, by)
    if flying.stale or select_again(tx, house, gate, flying).untrue:
        return Stale(flying)
    return issuing.again(tx, flying, gate, by)


def export(tx: Connection, house: House, batch_id: int, *, by: str, now: datetime) -> bytes:
    """The sealed bytes of a batch's newest issue, for a person's own records.

    An answered batch is evidence. An unanswered one could still travel in somebody's pocket, so
    it is handed out only while it may leave (`BadRequest` MRX-5007). Either way it is an act in
    the ledger. `BadRequest` MRX-5070 where the file was erased when its term was over.
    """
    batch = batches_.get(tx, batch_id)
    if not _may_be_handed_out(tx, house, batch, now):
        raise BadRequest("MRX-5007")
    file = issue_file(tx, batch, batch.issue)
    if file is None:
        raise BadRequest("MRX-5070", digest=batch.digest)
    told = {"batch": batch.number, "lane": batch.lane, "issue": batch.issue, "by": by}
    ledger.add(tx, "exported", told, now=now, partner=batch.partner)
    return file


def evidence(
    tx: Connection, house: House, batch_id: int, *, by: str, now: datetime
) -> tuple[Batch, frozenset[int]]:
    """A batch whose evidence is taken, and the issues whose bytes may be handed out with it.

    All of them left already. Once the batch is answered none can do harm, and all may be shown.
    While it is not, only the newest, under the same conditions as `export`: an earlier issue may
    name somebody who may not be told any more, and would still travel in somebody's pocket.
    """
    batch = batches_.get(tx, batch_id)
    if batch.state in batches_.ANSWERED:
        issues = frozenset(range(1, batch.issue + 1))
    elif _may_be_handed_out(tx, house, batch, now):
        issues = frozenset({batch.issue})
    else:
        issues = frozenset()
    told = {"batch": batch.number, "lane": batch.lane, "issues": sorted(issues), "by": by}
    ledger.add(tx, "evidence taken", {"id": batch.id, **told}, now=now, partner=batch.partner)
    return batch, issues


def _may_be_handed_out(tx: Connection, house: House, batch: Batch, now: datetime) -> bool:
    """Whether the newest issue of a batch is evidence, or could leave by its lane as well."""
    if batch.state in batches_.ANSWERED:
        return True
    gate = gates.gate(tx, house, batch.partner, now=now)
    held_back = is_set(lanes.c.paused) | lanes.c.restored_at.is_not(None)
    back = tx.scalar(select(lanes.c.id).where(lanes.c.id == batch.lane_id, held_back))
    return not (back is not None or batch.stale or select_again(tx, house, gate, batch).untrue)


@dataclass(frozen=True, slots=True)
class Known:
    """One member as a partner that asks is told of it now."""

    ref: str
    status: Status


def answer(
    tx: Connection, house: House, partner: str, asked: Identifier | None, *, now: datetime
) -> Known | None:
    """The status now of the one member with this identifier, if the partner may know it.

    It may if it has been told of the member and could be told the same by its routine lane now:
    consent, gate, pause, status and format allow it, and the consent's text names the scheme. An
    identifier that several such members share is not answered; None was none of any scheme.

    Either way the same statements run, and the ledger says that was asked, never what for.
    """
    mine = (lanes.c.partner == partner) & (lanes.c.kind == Lane.ROUTINE.value)
    lane = tx.execute(select(lanes).where(mine).with_for_update()).one_or_none()
    held_back = lane is not None and (lane.paused or lane.restored_at is not None)
    gate = gates.gate(tx, house, partner, now=now)
    named = (
        select(member_identifiers.c.account)
        .where(
            member_identifiers.c.scheme == (asked.scheme if asked else ""),
            member_identifiers.c.value == (asked.value if asked else ""),
        )
        .subquery()
    )
    told = (live.c.told_status, live.c.told_identifiers)
    query = facts(named, literal(partner), named.c.account, *told).where(live.c.ref.is_not(None))
    found = tx.execute(query.order_by(live.c.ref).limit(_SHARED_MAX)).all()
    said = [
        (row, tell)
        for row in found
        if (tell := _may_say(pair(row), gate, house, asked)) is not None
    ]
    row, tell = said[0] if len(said) == 1 and not held_back else (None, None)
    telling.answered(tx, row, tell, asked)
    entry: dict[str, object] = {"scheme": asked.scheme if asked else None, "known": False}
    if row is not None and tell is not None:
        record = tell.record
        entry |= {"known": True, "account": row.account, "ref": record.ref}
        entry |= {"status": record.status.value, "consent": tell.consent_id}
    ledger.add(
        tx,
        "asked",
        entry,
        now=now,
        partner=partner,
        subject=None if row is None else row.account,
    )
    return None if tell is None else Known(tell.record.ref, tell.record.status)


def _may_say(found: Pair, gate: Gate, house: House, asked: Identifier | None) -> Tell | None:
    """What the partner could be told of this member now, if the identifier would stand in it."""
    judged = truth(found, gate, house)
    if not isinstance(judged, Tell) or asked not in judged.record.identifiers:
        return None
    return judged if mapper_of(gate).unsayable(judged.record) is None else None


# -- is the draft still true? ----------------------------------------------------------------------


def _stands(tx: Connection, lane: Row[Any], gate: Gate, draft: Draft) -> Best | None:
    """Whether the rows, and all they rest on, are exactly as the draft found them; if so, the best
    that the partner may hold of each life it knows.
    """
    header = draft.header
    place = (lane.epoch, lane.next_number, lane.last_digest)
    if (header.epoch, header.number, header.previous) != place:
        return None
    which = {"whose": lane.partner, "lane": lane.id}
    if draft.withdrawals:
        refs = {ref for ref, _ in draft.withdrawals}
        accounts = [account for _, account in draft.withdrawals]
        there = tx.scalars(_WITHDRAWING, {**which, "accounts": accounts, "refs": list(refs)})
        if set(there) != refs:
            return None
    accounts = [line.account for line in draft.lines]
    now_so = tx.execute(_ANNOUNCING, {**which, "accounts": accounts}).all() if accounts else ()
    return _unchanged(now_so, {line.account: line.basis for line in draft.lines}, gate)


def _stands_again(tx: Connection, flying: Batch, gate: Gate, draft: Draft) -> Best | None:
    """The same for a re-issue, whose lines are those of the batch in flight."""
    meant = {line.account: line.basis for line in draft.lines}
    meant |= {aside.pair.account: aside.basis for aside in draft.dropped}
    meant.update(draft.left_over)
    now_so = tx.execute(_FLYING, {"batch": flying.id, "whose": flying.partner}).all()
    return _unchanged(now_so, meant, gate)


def _unchanged(now_so: Sequence[Row[Any]], meant: Mapping[str, Basis], gate: Gate) -> Best | None:
    if len(now_so) != len(meant):
        return None
    best = {}
    for row in now_so:
        _, account, *_, live_ref, _, status, identifiers = tuple(row)
        if meant.get(account) != basis(row, gate):
            return None
        if live_ref is not None:
            best[live_ref] = (status, identifiers)
    return best
