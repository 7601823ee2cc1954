"""Who was told what about one member: the answer a company gets, and its proof (P8).

    statement ─ partner ─ life (a ref) ─ telling (a batch) ─ receipt
        ├ consents          every event, beside what was told under it
        └ revocations       what was taken back, and what came of it

A partner that was never told is in it too. No other company is, and no one of the staff.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from outbox import evidence, notices, revocations
from outbox.evidence import Receipt
from outbox.house import House
from outbox.notices import Notice, State
from partners import agreements, consents, roll
from schemas.tables import batch_notices, batches, disclosures, home, lanes

NEVER, ON_ITS_WAY, HELD = "never told", "on its way", "held"
LEAVING, GONE = "withdrawal on its way", "deletion confirmed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """One consent event, as the company gave or took it."""

    id: int
    programme: str
    event: str
    at: datetime
    officer_title: str | None
    text: str | None
    evidence: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """One batch that spoke of the member.

    `issue` is the last of its issues that did, `told_at` when the first of them may have been
    heard. `receipts` answer those issues.
    """

    batch: int
    lane: str
    number: int
    issue: int
    kind: str
    told_at: datetime
    version: int | None
    consent: Ground | None
    outcome: str | None
    code: str | None
    receipts: tuple[Receipt, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """One reference, from its first telling to its end.

    `version` and `status` are the last that were told, `held_version` the last that was confirmed;
    `held_status` is known where the two are the same. `best_status` is the best that the partner
    may still hold. `fate`, `law` and `retained_until` are the partner's word on its end.
    """

    ref: str
    stands: str
    told_at: datetime
    version: int
    status: str
    identifiers: tuple[dict[str, str], ...]
    best_status: str
    held_version: int | None
    held_status: str | None
    held_at: datetime | None
    withdraw_since: datetime | None
    withdraw_reason: str | None
    gone_at: datetime | None
    fate: str | None
    law: str | None
    retained_until: date | None
    tellings: tuple[Telling, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """What one partner was told. `stands` is that of the last life; `waiting` are the notices
    still to be told, with what blocks them.
    """

    partner: str
    stands: str
    lives: tuple[Life, ...]
    waiting: tuple[Notice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """One revocation, without the person who entered it."""

    id: int
    partner: str
    at: datetime
    due_at: datetime
    answer: str
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """The whole. `records_since` is when this gateway began to keep records."""

    account: str
    records_since: datetime
    partners: tuple[Partner, ...]
    consents: tuple[Ground, ...]
    revocations: tuple[Revocation, ...]


def statement(tx: Connection, house: House, account: str, *, now: datetime) -> Statement:
    """Everything that was told about one member; `BadRequest` MRX-5002 if the roll never had it."""
    roll.get(tx, account)
    grounds = {ground.id: ground for ground in map(_ground, consents.trail(tx, account))}
    tellings = _tellings(tx, account, grounds)
    lives: dict[str, list[Life]] = {}
    mine = select(disclosures).where(disclosures.c.account == account)
    for row in tx.execute(mine.order_by(disclosures.c.told_at, disclosures.c.ref)):
        lives.setdefault(row.partner, []).append(_life(row, tellings.get(row.ref, ())))
    waiting: dict[str, list[Notice]] = {}
    for notice in notices.every(tx, house, now=now, account=account):
        if notice.state is not State.HELD:
            waiting.setdefault(notice.partner, []).append(notice)
    taken_back = revocations.of(tx, account)
    partners = []
    for one in agreements.every(tx):
        code = one.agreement.partner
        theirs = lives.get(code, [])
        removed = [r for r in taken_back if r.partner == code][-1:]
        partners.append(
            Partner(
                partner=code,
                stands=theirs[-1].stands if theirs else _never(removed),
                lives=tuple(theirs),
                waiting=tuple(waiting.get(code, [])),
            )
        )
    since = tx.scalar(select(home.c.created_at))
    assert since is not None, "an opened home has its row"
    return Statement(
        account=account,
        records_since=since,
        partners=tuple(partners),
        consents=tuple(grounds.values()),
        revocations=tuple(
            Revocation(
                id=one.id,
                partner=one.partner,
                at=one.at,
                due_at=one.due_at,
                answer=one.answer.value,
                confirmed_at=one.confirmed_at,
            )
            for one in taken_back
        ),
    )


def _never(newest: list[revocations.Revocation]) -> str:
    """What to say of a partner that never heard: it may have come close."""
    removed = revocations.Answer.REMOVED
    return removed.value if newest and newest[0].answer is removed else NEVER


def _ground(row: Row[Any]) -> Ground:
    return Ground(
        id=row.id,
        programme=row.programme,
        event=row.event,
        at=row.at,
        officer_title=row.officer_title,
        text=row.text,
        evidence=row.evidence,
    )


def _tellings(
    tx: Connection, account: str, grounds: dict[int, Ground]
) -> dict[str, tuple[Telling, ...]]:
    """What was told of each ref, in the order of the batches."""
    query = (
        select(
            batch_notices,
            batches.c.lane_id,
            batches.c.epoch,
            batches.c.number,
            batches.c.issue,
            batches.c.first_sent_at,
            lanes.c.kind.label("lane"),
        )
        .join(batches, batches.c.id == batch_notices.c.batch_id)
        .join(lanes, lanes.c.id == batches.c.lane_id)
        .where(batch_notices.c.account == account)
        .order_by(batches.c.id)
    )
    found: dict[str, list[Telling]] = {}
    for row in tx.execute(query).all():
        # A later issue may have left it out again.
        last = row.issue if row.dropped_issue is None else row.dropped_issue - 1
        found.setdefault(row.ref, []).append(
            Telling(
                batch=row.batch_id,
                lane=row.lane,
                number=row.number,
                issue=last,
                kind=row.kind,
                told_at=row.first_sent_at,
                version=row.version,
                consent=grounds.get(row.consent_id),
                outcome=row.outcome,
                code=row.code,
                receipts=_answering(
                    evidence.receipts_of(tx, row.lane_id, row.epoch, row.number), last
                ),
            )
        )
    return {ref: tuple(tellings) for ref, tellings in found.items()}


def _answering(receipts: Iterable[Receipt], last: int) -> tuple[Receipt, ...]:
    return tuple(receipt for receipt in receipts if receipt.issue <= last)


def _life(row: Row[Any], tellings: tuple[Telling, ...]) -> Life:
    return Life(
        ref=row.ref,
        stands=_stands(row),
        told_at=row.told_at,
        version=row.version,
        status=row.told_status,
        identifiers=tuple({"scheme": s, "value": v} for s, v in row.told_identifiers),
        best_status=row.best_status,
        held_version=row.held_version,
        held_status=row.told_status if row.held_version == row.version else None,
        held_at=row.held_at,
        withdraw_since=row.withdraw_since,
        withdraw_reason=row.withdraw_reason,
        gone_at=row.gone_at,
        fate=row.fate,
        law=row.law,
        retained_until=row.retained_until,
        tellings=tellings,
    )


def _stands(row: Row[Any]) -> str:
    if row.gone_at is not None:
        return GONE
    if row.withdraw_since is not None:
        return LEAVING
    return ON_ITS_WAY if row.held_version is None else HELD
