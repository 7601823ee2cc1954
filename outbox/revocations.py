"""The taking back of a consent, followed until the partner that may have heard has confirmed.

    never told              nobody there ever heard; nothing to do
    removed before sending  it was queued and has left the queue; nobody heard
    withdrawal on its way   they may have heard: the urgent lane tells them to delete
      '--receipt--> deletion confirmed    at T, and what became of it

One transaction, work in proportion to one member, nothing signed, nothing sent.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from outbox import ledger, losses, pending, standing, withdrawals
from outbox.house import House
from outbox.losses import Word
from schemas.database import next_id
from schemas.errors import BadRequest
from schemas.tables import disclosures, revocations


class Answer(StrEnum):
    NEVER_TOLD = "never told"
    REMOVED = "removed before sending"
    ON_ITS_WAY = withdrawals.ON_ITS_WAY
    CONFIRMED = withdrawals.CONFIRMED


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """One revocation and where it stands. `lives` are the refs it is about, with what became of
    each: (ref, fate or None while it is open, law, retained until).
    """

    id: int
    account: str
    partner: str
    asked_by: str
    at: datetime
    due_at: datetime
    answer: Answer
    confirmed_at: datetime | None
    lives: tuple[tuple[str, str | None, str | None, Any], ...]


def revoke(
    tx: Connection,
    house: House,
    *,
    account: str,
    partner: str,
    consent_id: int,
    asked_by: str,
    now: datetime,
) -> int:
    """Carry a revocation out, whose consent event is already written; return its number."""
    queued = pending.unqueue(tx, partner, account, now=now)
    theirs = (disclosures.c.partner == partner) & (disclosures.c.account == account)
    lives = tx.execute(select(disclosures).where(theirs).order_by(disclosures.c.told_at)).all()
    live = [(account, life.ref) for life in lives if life.withdraw_since is None]
    withdrawals.withdraw(tx, partner, live, reason="revoked", now=now)
    answer, confirmed_at = _answer(lives, queued=queued)
    number = next_id(tx, revocations.c.id)
    tx.execute(
        insert(revocations).values(
            id=number,
            account=account,
            partner=partner,
            consent_id=consent_id,
            asked_by=asked_by,
            at=now,
            due_at=now + house.terms.withdrawal_due,
            answer=answer.value,
            confirmed_at=confirmed_at,
        )
    )
    # Who may go on granting benefits until the deletion is confirmed.
    holding = [standing.life(life) for life in lives if life.gone_at is None]
    told = {
        "revocation": number,
        "consent": consent_id,
        "by": asked_by,
        "answer": answer.value,
        "lives": holding,
    }
    ledger.add(tx, "revoked", told, now=now, partner=partner, subject=account)
    said = (Word(partner, account, losses.REVOKED, *one) for one in holding)
    losses.heard(tx, said, now=now)
    return number


def _answer(lives: Any, *, queued: bool) -> tuple[Answer, datetime | None]:
    if any(life.gone_at is None for life in lives):
        return Answer.ON_ITS_WAY, None
    if queued:
        return Answer.REMOVED, None
    if lives:
        return Answer.CONFIRMED, max(life.gone_at for life in lives)
    return Answer.NEVER_TOLD, None


def get(tx: Connection, number: int) -> Revocation:
    """One revocation, or `BadRequest` MRX-5004."""
    row = tx.execute(select(revocations).where(revocations.c.id == number)).one_or_none()
    if row is None:
        raise BadRequest("MRX-5004")
    return _revocation(tx, row)


def of(tx: Connection, account: str) -> list[Revocation]:
    query = select(revocations).where(revocations.c.account == account).order_by(revocations.c.id)
    return [_revocation(tx, row) for row in tx.execute(query).all()]


def _revocation(tx: Connection, row: Row[Any]) -> Revocation:
    query = (
        select(disclosures)
        .where(
            disclosures.c.partner == row.partner,
            disclosures.c.account == row.account,
            disclosures.c.told_at <= row.at,
        )
        .order_by(disclosures.c.told_at)
    )
    return Revocation(
        id=row.id,
        account=row.account,
        partner=row.partner,
        asked_by=row.asked_by,
        at=row.at,
        due_at=row.due_at,
        answer=Answer(row.answer),
        confirmed_at=row.confirmed_at,
        lives=tuple(
            (life.ref, life.fate, life.law, life.retained_until) for life in tx.execute(query)
        ),
    )
