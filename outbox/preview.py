"""What would be told, before anything is: of a whole push, or of one member to one partner.

    plan       a push as it would be --decide--> counts for each partner
    preview    one pair as it stands --decide--> the very record and document, or why there is none

Both ask `judge` and the partner's mapper, as the draft does: there is no second set of rules. Both
only read. Nobody is told anything, so neither is a disclosure.

The plan is that of calm weather. What only sealing and the partner can show is not in it: a record
too large to be sent even alone, and what the partner will refuse.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, literal, select

from outbox import expected
from outbox import gate as gates
from outbox.candidate import (
    Block,
    Judgement,
    Nothing,
    Pair,
    Tell,
    facts,
    judge,
    pair,
    truth,
    unsayable,
)
from outbox.candidate import worse_than_told as worse
from outbox.draft import mapper_of
from outbox.gate import Gate
from outbox.house import House
from outbox.withdrawals import ANNOUNCE, ON_ITS_WAY
from partners import agreements, roll
from schemas.batch import Lane
from schemas.consent import Event
from schemas.member import Member
from schemas.record import Record
from schemas.tables import disclosures, lanes, pending, revocations, standing_consents

# In the place of the reference that only the first telling draws. No member ever gets it: real
# ones are random.
NO_REF = "000000000000"
NOTHING = {
    "no consent": "no consent for this partner is in force",
    "absent": "the member is not on the roll any more",
    "in flight": "it is in a batch that the partner has not answered yet",
    "no news": "there is nothing the partner does not hold already",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one partner would hear of some members; each is counted once.

    `new` are told for the first time, `changed` told again, `withdrawn` deleted at the partner,
    `unchanged` told nothing, because they hold exactly this or nothing waits. `no_consent` have no
    consent in force. `blocked` counts the others by the code of what stands in the way.
    """

    new: int = 0
    changed: int = 0
    withdrawn: int = 0
    unchanged: int = 0
    no_consent: int = 0
    blocked: Mapping[str, int] = field(default_factory=dict)

    def __add__(self, other: "Plan") -> "Plan":
        """The plan of two chunks that have no member in common."""
        return Plan(
            new=self.new + other.new,
            changed=self.changed + other.changed,
            withdrawn=self.withdrawn + other.withdrawn,
            unchanged=self.unchanged + other.unchanged,
            no_consent=self.no_consent + other.no_consent,
            blocked=dict(sorted((Counter(self.blocked) + Counter(other.blocked)).items())),
        )


def plan(
    tx: Connection,
    house: House,
    pushed: Collection[Member],
    *,
    now: datetime,
    doubtful: Collection[str] = (),
    missing: Collection[str] = (),
) -> dict[str, Plan]:
    """What each partner with an agreement would hear if these members were pushed.

    One chunk: at most some thousand members, every account once; add the plans of several with
    `+`. Leave out what is older than the roll (`News.OLDER`): it changes nothing. `doubtful` are
    accounts whose pushed status word nobody knows, `missing` those a full list leaves out; of the
    latter only who would be withdrawn is counted.
    """
    found = {
        one.agreement.partner: _Counting(gates.gate(tx, house, one.agreement.partner, now=now))
        for one in agreements.every(tx)
    }
    for one, queued in expected.pairs(tx, pushed, doubtful, list(found)):
        counting = found[one.partner]
        counting.add(one, _decide(one, queued, counting.gate, house))
    known = disclosures.c.account.in_(missing) & disclosures.c.withdraw_since.is_(None)
    for partner in tx.scalars(select(disclosures.c.partner).where(known)):
        found[partner].counts["withdrawn"] += 1
    return {partner: counting.plan() for partner, counting in found.items()}


def plan_of_consents(
    tx: Connection,
    house: House,
    granted: Collection[tuple[str, str]],
    revoked: Collection[int],
    *,
    now: datetime,
) -> dict[str, Plan]:
    """What each partner would hear of consent events that this transaction has just written, and
    that its caller takes back: of `granted` pairs (partner, account), and of revocations by number.
    """
    found: dict[str, _Counting] = {}
    by_partner: dict[str, list[str]] = {}
    for partner, account in sorted(granted):
        by_partner.setdefault(partner, []).append(account)
    standing = standing_consents.alias("standing")  # `facts` joins the table itself
    consents = standing.c
    queued = (pending.c.partner == consents.programme) & (pending.c.account == consents.account)
    base = standing.outerjoin(pending, queued & (pending.c.ref == ANNOUNCE))
    columns = (pending.c.lane_id, pending.c.batch_id, pending.c.blocked)
    for partner, accounts in by_partner.items():
        found[partner] = _Counting(gates.gate(tx, house, partner, now=now))
        query = facts(base, consents.programme, consents.account, *columns)
        theirs = query.where(consents.programme == partner, consents.account.in_(accounts))
        for row in tx.execute(theirs).all():
            one, waits = pair(row), row if row.lane_id is not None else None
            found[partner].add(one, _decide(one, waits, found[partner].gate, house))
    answers = select(revocations.c.partner, revocations.c.answer)
    for row in tx.execute(answers.where(revocations.c.id.in_(revoked))).all():
        if row.partner not in found:
            found[row.partner] = _Counting(gates.gate(tx, house, row.partner, now=now))
        leaves = row.answer == ON_ITS_WAY
        found[row.partner].counts["withdrawn" if leaves else "no_consent"] += 1
    return {partner: counting.plan() for partner, counting in found.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What one partner would be told of one member now.

    `tell`: `record`, by `lane`, under `consent_id` and its text. `blocked`: `code` says why, and
    `partner_code` is the partner's own word where it refused. `nothing`: `why` says the reason in
    words, and `record` is there if they were told exactly this before. `withdrawals` are the references the partner is, or would now be, asked to delete.

    `ref` is None where the first telling will draw one; `record` and `document` then have twelve
    zeros in its place. `document` is the record alone in the partner's `format`.
    """

    account: str
    partner: str
    decision: Literal["tell", "blocked", "nothing"]
    code: str | None = None
    partner_code: str | None = None
    why: str | None = None
    record: Record | None = None
    ref: str | None = None
    document: str | None = None
    format: str | None = None
    consent_id: int | None = None
    text: str | None = None
    lane: Lane | None = None
    withdrawals: tuple[str, ...] = ()


def preview(tx: Connection, house: House, account: str, partner: str, *, now: datetime) -> Preview:
    """Look at one pair. Raises `BadRequest` MRX-5002 (account) or MRX-5001 (partner)."""
    roll.get(tx, account)
    gate = gates.gate(tx, house, partner, now=now)
    one = select(literal(partner).label("partner"), literal(account).label("account")).subquery()
    row = pair(tx.execute(facts(one, one.c.partner, one.c.account)).one())
    waiting = tx.execute(
        select(pending, lanes.c.kind)
        .join(lanes, lanes.c.id == pending.c.lane_id)
        .where(pending.c.partner == partner, pending.c.account == account)
        .order_by(pending.c.since, pending.c.ref)
    ).all()
    queued = next((one for one in waiting if one.ref == ANNOUNCE), None)
    leaving = tuple(one.ref for one in waiting if one.ref != ANNOUNCE)
    said = Preview(account=account, partner=partner, decision="nothing", withdrawals=leaving)
    decided = _decide(row, queued, gate, house)
    if isinstance(decided, Nothing):
        return _as_held(replace(said, why=NOTHING[_why(row, queued)]), row, gate, house)
    if isinstance(decided, Block):
        if row.live_ref is not None and (decided.gone or decided.worse):
            said = replace(said, withdrawals=(*leaving, row.live_ref))
        refusal = None if queued is None else queued.partner_code
        return replace(said, decision="blocked", code=decided.code, partner_code=refusal)
    assert queued is not None, "only what is queued is told"
    record = replace(decided.record, ref=NO_REF) if decided.first else decided.record
    urgent = worse(row, gate, house)
    return replace(
        said,
        decision="tell",
        record=record,
        ref=None if decided.first else record.ref,
        document=mapper_of(gate).write([record]).decode(),
        format=gate.agreement.format,
        consent_id=decided.consent_id,
        text=decided.text,
        lane=Lane.URGENT if urgent else Lane(queued.kind),
    )


def _as_held(said: Preview, row: Pair, gate: Gate, house: House) -> Preview:
    """With what the partner holds, where that is the truth as it may be told now."""
    held = truth(row, gate, house)
    if not isinstance(held, Tell) or held.first or held.record.items_digest != row.told_digest:
        return said
    record = replace(held.record, version=row.live_version or 0)
    return replace(
        said,
        record=record,
        ref=record.ref,
        document=mapper_of(gate).write([record]).decode(),
        format=gate.agreement.format,
        consent_id=held.consent_id,
        text=held.text,
    )


# -- one decision for both -------------------------------------------------------------------------


def _decide(row: Pair, queued: Any, gate: Gate, house: House) -> Judgement:
    """What the outbox will do about a pair, given its row in the queue or None.

    What is not queued is not told; what is in a batch already is not told again; and what was
    blocked before waits until there is news of it.
    """
    if row.event != Event.GRANTED or queued is None or queued.batch_id is not None:
        return Nothing()
    if queued.blocked is not None:
        return Block(queued.blocked, gone=False, worse=False, lasting=True)
    judged = judge(row, gate, house)
    if isinstance(judged, Tell):
        code = mapper_of(gate).unsayable(judged.record)
        return judged if code is None else unsayable(row, judged, code)
    return judged


def _why(row: Pair, queued: Any) -> str:
    if row.event != Event.GRANTED:
        return "no consent"
    if not row.present:
        return "absent"
    return "in flight" if queued is not None and queued.batch_id is not None else "no news"


@dataclass(slots=True)
class _Counting:
    """The plan of one partner while it is being made."""

    gate: Gate
    counts: Counter[str] = field(default_factory=Counter)
    blocked: Counter[str] = field(default_factory=Counter)

    def add(self, found: Pair, judged: Judgement) -> None:
        match judged:
            case Nothing():
                consents = found.event == Event.GRANTED
                self.counts["unchanged" if consents else "no_consent"] += 1
            case Tell():
                self.counts["new" if judged.first else "changed"] += 1
            case Block() if found.live_ref is not None and (judged.gone or judged.worse):
                self.counts["withdrawn"] += 1
            case Block():
                self.blocked[judged.code] += 1

    def plan(self) -> Plan:
        return Plan(**self.counts, blocked=dict(sorted(self.blocked.items())))
