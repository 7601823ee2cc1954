"""The set of (partner, member) pairs whose partner is not up to date.

A set, not a log: ten changes are one row, and the row says only *that* there is something to tell;
what it is, is read when the batch is sealed. One row per pair announces (ref ''), and one row per
withdrawn life withdraws (its ref). A row leaves by a verified receipt, or when nothing is left to
tell. A change made while the row is in an unanswered batch takes it out of that batch, so that
it is told again.
"""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Insert,
    and_,
    bindparam,
    case,
    delete,
    literal,
    or_,
    select,
    update,
)

from outbox import gate as gates
from outbox import lane as lanes_
from outbox import outcomes
from outbox.candidate import Block, Pair, facts, judge, live, pair, worse_than_told
from outbox.gate import Gate
from outbox.house import House
from outbox.outcomes import Blocked
from outbox.withdrawals import ANNOUNCE, withdraw
from schemas import bulk, statistics
from schemas.batch import Lane
from schemas.consent import Event
from schemas.database import once, upsert
from schemas.narrowing import filtered
from schemas.status import BAD
from schemas.tables import (
    disclosures,
    is_set,
    lanes,
    members,
    pending,
    standing_consents,
)

RANK_NEWS = 5
# Too large for the partner; refused alone; refused with its whole batch.
TURNED_DOWN = ("MRX-2107", "MRX-2210", "MRX-2211")


def mark(
    tx: Connection,
    house: House,
    accounts: Collection[str],
    *,
    now: datetime,
    partner: str | None = None,
) -> None:
    """There is news of these members: queue it for every partner whose consent is in force.

    At most some thousands of accounts a call. Bad news goes to the urgent lane: a bad status, or
    a state worse than the best the partner may hold. A member that left the arrangement is
    withdrawn at once.
    """
    whose = {"accounts": accounts} if partner is None else {"accounts": accounts, "whose": partner}
    to_one = partner is not None
    tx.execute((_QUEUE_FOR_ONE if to_one else _QUEUE)(tx), {**whose, "now": now})
    if len(accounts) > bulk.FEW:
        statistics.refresh(tx, pending)
    # Asked by itself, because nobody is known on the first load, when there is most to do.
    known = set(tx.scalars(_KNOWN_TO_ONE if to_one else _KNOWN, whose))
    if known:
        rows = tx.execute(_FACTS_FOR_ONE if to_one else _FACTS, {**whose, "accounts": known}).all()
        _hasten(tx, house, map(pair, rows), now)


def _queue(*those: ColumnElement[bool]) -> Callable[[Connection], Insert]:
    """The statement that queues some accounts for all partners, or for those it is narrowed to."""
    bad = members.c.status.in_([status.value for status in BAD])
    fresh = (
        select(
            standing_consents.c.programme,
            standing_consents.c.account,
            literal(ANNOUNCE),
            lanes.c.id,
            literal(RANK_NEWS),
            bindparam("now", type_=pending.c.since.type),
        )
        .join(members, members.c.account == standing_consents.c.account)
        .join(
            lanes,
            and_(
                lanes.c.partner == standing_consents.c.programme,
                lanes.c.kind == case((bad, Lane.URGENT.value), else_=Lane.ROUTINE.value),
            ),
        )
        .where(
            standing_consents.c.event == Event.GRANTED.value,
            bulk.one_of(standing_consents.c.account, "accounts"),
            is_set(members.c.present),
            *those,
        )
        .order_by(standing_consents.c.programme, standing_consents.c.account)
    )

    @once
    def build(tx: Connection) -> Insert:
        into = upsert(tx, pending).from_select(
            ["partner", "account", "ref", "lane_id", "rank", "since"], fresh
        )
        return into.on_conflict_do_update(
            index_elements=["partner", "account", "ref"],
            set_={
                "lane_id": into.excluded.lane_id,
                "batch_id": None,
                "blocked": None,
                "partner_code": None,
            },
        )

    return build


_WHOSE = bindparam("whose", type_=pending.c.partner.type)
_QUEUE, _QUEUE_FOR_ONE = _queue(), _queue(standing_consents.c.programme == _WHOSE)
_KNOWN = select(disclosures.c.account).where(
    bulk.one_of(disclosures.c.account, "accounts"), disclosures.c.withdraw_since.is_(None)
)
_KNOWN_TO_ONE = _KNOWN.where(filtered(disclosures.c.partner) == _WHOSE)
_FACTS = facts(pending, pending.c.partner, pending.c.account).where(
    bulk.one_of(pending.c.account, "accounts"),
    pending.c.ref == ANNOUNCE,
    live.c.ref.is_not(None),
)
_FACTS_FOR_ONE = _FACTS.where(filtered(pending.c.partner) == _WHOSE)


def _hasten(tx: Connection, house: House, pairs: Iterable[Pair], now: datetime) -> None:
    """Among those a partner may already know: withdraw who left, hurry what got worse."""
    seen: dict[str, Gate] = {}
    left: dict[str, list[Blocked]] = {}
    urgent = lanes_.ids(tx, Lane.URGENT)
    for found in pairs:
        if found.partner not in seen:
            seen[found.partner] = gates.gate(tx, house, found.partner, now=now)
        gate = seen[found.partner]
        judgement = judge(found, gate, house)
        if isinstance(judgement, Block) and judgement.gone and found.live_ref is not None:
            withdraw(
                tx, found.partner, [(found.account, found.live_ref)], reason="eligibility", now=now
            )
            if block(tx, found.partner, found.account, judgement.code):
                left.setdefault(found.partner, []).append(Blocked(found.account, judgement.code))
        elif worse_than_told(found, gate, house):
            tx.execute(
                update(pending)
                .where(_announcing(found.partner, found.account))
                .values(lane_id=urgent[found.partner])
            )
    for gone_from in sorted(left):
        outcomes.blocked(tx, gone_from, left[gone_from], now=now)


def unqueue(tx: Connection, partner: str, account: str, *, now: datetime) -> bool:
    """Take the announcement of a pair out of the queue; say whether there was one.

    The row is written before it is deleted: on PostgreSQL that waits for a claim holding it, and
    makes an intake about to insert it wait for us. Without it, an intake that commits in between
    is sealed after "never told" was answered.
    """
    lane_id = lanes_.ids(tx, Lane.ROUTINE)[partner]
    there = tx.execute(
        select(pending.c.account).where(_announcing(partner, account)).with_for_update()
    ).one_or_none()
    into = upsert(tx, pending).values(
        partner=partner, account=account, ref=ANNOUNCE, lane_id=lane_id, rank=RANK_NEWS, since=now
    )
    tx.execute(
        into.on_conflict_do_update(
            index_elements=["partner", "account", "ref"], set_={"batch_id": None}
        )
    )
    tx.execute(delete(pending).where(_announcing(partner, account)))
    return there is not None


def block(
    tx: Connection, partner: str, account: str, code: str, *, partner_code: str | None = None
) -> bool:
    """Write on the pair's row what stands in the way. It waits there until something changes.

    Says whether that is new: the same was not written there before.
    """
    return bool(block_all(tx, partner, [account], code, partner_code=partner_code))


def block_all(
    tx: Connection,
    partner: str,
    accounts: Collection[str],
    code: str,
    *,
    partner_code: str | None = None,
) -> set[str]:
    """The same for some thousands of pairs in one statement; returns the accounts where it is new."""
    other = or_(
        pending.c.blocked.is_distinct_from(code),
        pending.c.partner_code.is_distinct_from(partner_code),
    )
    done = tx.execute(
        update(pending)
        .where(_announcing(partner, *accounts), other)
        .values(blocked=code, partner_code=partner_code, batch_id=None)
        .returning(pending.c.account)
    )
    return set(done.scalars())


def drop(tx: Connection, partner: str, accounts: Collection[str]) -> None:
    """There is nothing left to tell about these pairs, some thousands at most."""
    if accounts:
        tx.execute(delete(pending).where(_announcing(partner, *accounts)))


def retell(tx: Connection, partner: str, accounts: Collection[str] | None = None) -> int:
    """An operator says that the cause is repaired at the partner's end: what it refused, or found
    too large, is told again; of these accounts only, if they are given (some thousands at most).
    Returns how many notices that is.
    """
    whose = pending.c.partner == partner
    if accounts is not None:
        whose = and_(whose, bulk.among(tx, pending.c.account, accounts))
    done = tx.execute(
        update(pending)
        .where(whose, pending.c.blocked.in_(TURNED_DOWN))
        .values(blocked=None, partner_code=None)
    )
    return done.rowcount


def hold_back(
    tx: Connection, partner: str, judged: Iterable[tuple[Pair, Block]], *, now: datetime
) -> list[Blocked]:
    """Carry out judgements that pairs may not be told: take back what is too good, and wait.

    The caller writes the outcomes that are returned, as the last act of its transaction.
    """
    taken_back: dict[str, list[tuple[str, str]]] = {}
    waiting: dict[str, list[str]] = {}
    for found, blocked in judged:
        if found.live_ref is not None and (blocked.gone or blocked.worse):
            reason = "eligibility" if blocked.gone else "worse and unsayable"
            taken_back.setdefault(reason, []).append((found.account, found.live_ref))
        if blocked.lasting:
            waiting.setdefault(blocked.code, []).append(found.account)
    for reason, lives in taken_back.items():
        withdraw(tx, partner, lives, reason=reason, now=now)
    left: list[Blocked] = []
    for code, accounts in waiting.items():
        new = block_all(tx, partner, accounts, code)
        left += [Blocked(account, code) for account in accounts if account in new]
    return left


def _announcing(partner: str, *accounts: str) -> Any:
    return and_(
        pending.c.partner == partner, pending.c.account.in_(accounts), pending.c.ref == ANNOUNCE
    )
