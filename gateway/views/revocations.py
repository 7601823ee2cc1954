"""Revocations: whom do we still wait for?

    open      withdrawals on their way: the soonest due first, so what is overdue stands on top
    overdue   of these, those whose time is over
    all       every revocation, the newest first

`Revoking` is what taking a consent back would mean at each partner, before anybody does it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, bindparam, func, select, tuple_, type_coerce

from outbox.house import House
from outbox.revocations import Answer
from outbox.withdrawals import ANNOUNCE, ON_ITS_WAY
from partners import agreements, consents, roll
from schemas import bulk
from schemas.consent import Event
from schemas.errors import BadRequest
from schemas.tables import Big, disclosures, pending, revocations, stored

_WAITS: Final = (revocations.c.answer == ON_ITS_WAY) & revocations.c.confirmed_at.is_(None)
_LIVES = (
    select(disclosures)
    .where(bulk.one_of(disclosures.c.account, "accounts"))
    .order_by(disclosures.c.told_at, disclosures.c.ref)
)
_QUEUED = select(pending.c.partner).where(
    pending.c.account == bindparam("whose"), pending.c.ref == ANNOUNCE
)
_ONE = select(revocations).where(revocations.c.id == bindparam("number"))
Key = tuple[int, int]
"""Where a list goes on: the moment it is ordered by, as the database keeps it, and the id."""


class Show(StrEnum):
    """Which revocations a list has."""

    OPEN = "open"
    OVERDUE = "overdue"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """One reference the partner knew the company by, and what became of it there."""

    ref: str
    fate: str | None
    law: str | None
    retained_until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracked:
    """One revocation at one partner. `took` is how long it took, or has taken until now, of the
    `limit`; None where nothing had to be waited for.
    """

    id: int
    account: str
    partner: str
    asked_by: str
    at: datetime
    due_at: datetime
    answer: str
    confirmed_at: datetime | None
    overdue: bool
    took: timedelta | None
    limit: timedelta
    ends: tuple[End, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many withdrawals a partner has not confirmed, and how many of them are overdue."""

    partner: str
    open: int
    overdue: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoking:
    """What taking the consent back would mean at one partner. `consented` says whether there is a
    consent in force to take back.
    """

    partner: str
    consented: bool
    answer: str


def every(
    tx: Connection,
    show: Show,
    *,
    now: datetime,
    partner: str | None = None,
    after: Key | None = None,
    at_most: int,
) -> list[Tracked]:
    """A page of the list, from behind the key `after`."""
    moment = revocations.c.at if show is Show.ALL else revocations.c.due_at
    query = select(revocations).limit(at_most)
    if show is not Show.ALL:
        query = query.where(_WAITS)
    if show is Show.OVERDUE:
        query = query.where(revocations.c.due_at < now)
    if partner is not None:
        query = query.where(revocations.c.partner == partner)
    key: tuple[ColumnElement[Any], ...] = (type_coerce(moment, Big), revocations.c.id)
    if show is Show.ALL:
        query = query.order_by(*(column.desc() for column in key))
        query = query if after is None else query.where(tuple_(*key) < after)
    else:
        query = query.order_by(*key)
        query = query if after is None else query.where(tuple_(*key) > after)
    return _tracked(tx, tx.execute(query).all(), now)


def place(key: tuple[int | str, ...] | None) -> Key | None:
    """The key of a cursor."""
    return None if key is None else (int(key[0]), int(key[1]))


def key(one: Tracked, show: Show) -> Key:
    """Where a list goes on after this one."""
    return stored(one.at if show is Show.ALL else one.due_at), one.id


def one(tx: Connection, number: int, *, now: datetime) -> Tracked:
    """One revocation, or `BadRequest` MRX-5004."""
    rows = tx.execute(_ONE, {"number": number}).all()
    if not rows:
        raise BadRequest("MRX-5004")
    return _tracked(tx, rows, now)[0]


def waiting(tx: Connection, *, now: datetime) -> list[Waiting]:
    """The partners that have something to confirm; reads what is open and nothing else."""
    query = (
        select(
            revocations.c.partner,
            func.count().label("open"),
            func.count().filter(revocations.c.due_at < now).label("overdue"),
        )
        .where(_WAITS)
        .group_by(revocations.c.partner)
        .order_by(revocations.c.partner)
    )
    return [Waiting(row.partner, row.open, row.overdue) for row in tx.execute(query)]


def foreseen(tx: Connection, _house: House, account: str) -> list[Revoking]:
    """What taking each consent of a company back would mean; `BadRequest` MRX-5002 if the roll
    never had it.
    """
    roll.get(tx, account)
    newest = {row.programme: row.event for row in consents.standing(tx, account)}
    queued = set(tx.scalars(_QUEUED, {"whose": account}))
    lives: dict[str, list[Row[Any]]] = {}
    for row in tx.execute(_LIVES, {"accounts": [account]}):
        lives.setdefault(row.partner, []).append(row)
    codes = [one.agreement.partner for one in agreements.every(tx)]
    return [
        Revoking(
            partner=code,
            consented=newest.get(code) == Event.GRANTED.value,
            answer=_answer(lives.get(code, []), queued=code in queued).value,
        )
        for code in codes
    ]


def _answer(lives: Sequence[Row[Any]], *, queued: bool) -> Answer:
    if any(life.gone_at is None for life in lives):
        return Answer.ON_ITS_WAY
    if queued:
        return Answer.REMOVED
    return Answer.CONFIRMED if lives else Answer.NEVER_TOLD


def _tracked(tx: Connection, rows: Sequence[Row[Any]], now: datetime) -> list[Tracked]:
    known: dict[tuple[str, str], list[Row[Any]]] = {}
    for life in tx.execute(_LIVES, {"accounts": sorted({row.account for row in rows})}):
        known.setdefault((life.partner, life.account), []).append(life)
    return [_one(row, known.get((row.partner, row.account), []), now) for row in rows]


def _one(row: Row[Any], lives: Sequence[Row[Any]], now: datetime) -> Tracked:
    waits = row.answer == ON_ITS_WAY
    ended = max(row.confirmed_at, row.at) if row.confirmed_at is not None else now
    return Tracked(
        id=row.id,
        account=row.account,
        partner=row.partner,
        asked_by=row.asked_by,
        at=row.at,
        due_at=row.due_at,
        answer=row.answer,
        confirmed_at=row.confirmed_at,
        overdue=waits and row.due_at < now,
        took=ended - row.at if waits or row.confirmed_at is not None else None,
        limit=row.due_at - row.at,
        ends=tuple(
            End(ref=life.ref, fate=life.fate, law=life.law, retained_until=life.retained_until)
            for life in lives
            if life.told_at <= row.at
        ),
    )
