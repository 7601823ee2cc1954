"""Who was told about one company: one row a partner, with the batches that said it.

    find ── by account, by the beginning of its name, or by an identifier
    told ── partner ── line (a batch)        beside them the consents, and what was taken back

The states are those a company is told: never told, on its way, held since T, removed before
sending, withdrawal on its way, deletion confirmed at T and how.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, bindparam, select

from outbox import statement as statements
from outbox.house import House
from outbox.outcomes import FATES
from outbox.statement import Ground, Life, Revocation, Statement
from partners import roll
from schemas import identifiers
from schemas.errors import BadRecord, BadRequest
from schemas.member import ACCOUNT
from schemas.programme import PROGRAMMES
from schemas.receipt import Fate
from schemas.tables import member_identifiers, members

FOUND_MAX: Final = 20
TEXT_MAX: Final = 200
_LAST = "\U0010ffff"
_ACCOUNT = select(members.c.account, members.c.name).where(members.c.account == bindparam("whose"))
_NAMED = (
    select(members.c.account, members.c.name)
    # Not BETWEEN: PostgreSQL takes no collation in its first bound.
    .where(members.c.name >= bindparam("from"), members.c.name <= bindparam("until"))
    .order_by(members.c.name, members.c.account)
    .limit(FOUND_MAX)
)
_NUMBERED = (
    select(members.c.account, members.c.name)
    .join(member_identifiers, member_identifiers.c.account == members.c.account)
    .where(
        member_identifiers.c.scheme == bindparam("scheme"),
        member_identifiers.c.value == bindparam("value"),
    )
    .order_by(members.c.account)
    .limit(FOUND_MAX)
)


class By(StrEnum):
    """What a company is looked up by."""

    ACCOUNT = "account"
    NAME = "name"
    IDENTIFIER = "identifier"


@dataclass(frozen=True, slots=True)
class Found:
    account: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One batch that spoke of the company to one partner, and what came of it. `answered_at` is
    when the last receipt for it came.
    """

    batch: int
    lane: str
    number: int
    kind: str
    told_at: datetime
    answered_at: datetime | None
    outcome: str | None
    code: str | None
    consent: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerTold:
    """What one partner knows. `items` are the items it was told, `at` belongs to `stands`: held
    since, removed at, confirmed at. `how` says what became of it there, or why it was never told.
    """

    partner: str
    country: str
    items: tuple[str, ...]
    first: datetime | None
    last: datetime | None
    stands: str
    at: datetime | None
    how: str | None
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The answer. `statement` is the whole of it, with all that proves it."""

    account: str
    name: str
    records_since: datetime
    partners: tuple[PartnerTold, ...]
    consents: tuple[Ground, ...]
    revocations: tuple[Revocation, ...]
    statement: Statement


def find(tx: Connection, house: House, by: By, text: str) -> list[Found]:
    """The companies that fit, at most `FOUND_MAX`: the account, a name that begins so (as written,
    in capitals, or capitalised), or an identifier of any scheme of ours. Raises `BadRequest`
    MRX-7003 for what can be none.
    """
    sought = text.strip()
    if not 1 <= len(sought) <= TEXT_MAX or not sought.isprintable():
        raise BadRequest("MRX-7003", field="text")
    if by is By.ACCOUNT:
        if ACCOUNT.fullmatch(sought) is None:
            raise BadRequest("MRX-7003", field="text")
        return _found(tx.execute(_ACCOUNT, {"whose": sought}))
    found: dict[str, Found] = {}
    if by is By.NAME:
        # One statement each: together they would read all that begin so, to sort them.
        for begins in dict.fromkeys((sought, sought.upper(), sought.title())):
            rows = tx.execute(_NAMED, {"from": begins, "until": begins + _LAST})
            found |= {one.account: one for one in _found(rows)}
        return sorted(found.values(), key=lambda one: (one.name, one.account))[:FOUND_MAX]
    for scheme, value in _numbers(house, sought):
        for one in _found(tx.execute(_NUMBERED, {"scheme": scheme, "value": value})):
            found.setdefault(one.account, one)
    return list(found.values())[:FOUND_MAX]


def told(tx: Connection, house: House, account: str, *, now: datetime) -> Told:
    """Who was told about a company; `BadRequest` MRX-5002 if the roll never had it."""
    entry = roll.get(tx, account)
    whole = statements.statement(tx, house, account, now=now)
    return Told(
        account=account,
        name=entry.member.name,
        records_since=whole.records_since,
        partners=tuple(_partner(one, whole) for one in whole.partners),
        consents=whole.consents,
        revocations=whole.revocations,
        statement=whole,
    )


def _found(rows: Iterable[tuple[str, str]]) -> list[Found]:
    return [Found(*row) for row in rows]


def _numbers(house: House, sought: str) -> list[tuple[str, str]]:
    """What the text is as an identifier of each scheme, where it can be one."""
    numbers = []
    for scheme in sorted(PROGRAMMES[house.programme].schemes):
        try:
            number = identifiers.identifier(scheme, sought.upper())
        except BadRecord:
            continue
        numbers.append((number.scheme, number.value))
    return numbers


def _partner(one: statements.Partner, whole: Statement) -> PartnerTold:
    tellings = [telling for life in one.lives for telling in life.tellings]
    lines = tuple(
        Line(
            batch=telling.batch,
            lane=telling.lane,
            number=telling.number,
            kind=telling.kind,
            told_at=telling.told_at,
            answered_at=max((r.received_at for r in telling.receipts), default=None),
            outcome=telling.outcome,
            code=telling.code,
            consent=None if telling.consent is None else telling.consent.id,
        )
        for telling in tellings
    )
    announced = [line for line in lines if line.kind == "announcement"]
    at, how = _since(one, whole)
    return PartnerTold(
        partner=one.partner,
        country=_country(one.partner),
        items=_items(one.lives),
        first=min((life.told_at for life in one.lives), default=None),
        last=max((line.told_at for line in announced), default=None),
        stands=one.stands,
        at=at,
        how=how,
        lines=lines,
    )


def _items(lives: Iterable[Life]) -> tuple[str, ...]:
    """The items that were told, in the order of the consent text: the name, the numbers by their
    schemes, the status, the day of joining.
    """
    schemes = {number["scheme"] for life in lives for number in life.identifiers}
    return ("name", *sorted(schemes), "status", "member since") if lives else ()


def _since(one: statements.Partner, whole: Statement) -> tuple[datetime | None, str | None]:
    """The moment and the words that belong to how a partner stands."""
    if not one.lives:
        taken_back = [r for r in whole.revocations if r.partner == one.partner]
        if one.stands != statements.NEVER and taken_back:
            return taken_back[-1].at, None
        return None, _why_never(one, whole)
    life = one.lives[-1]
    if one.stands == statements.GONE:
        return life.gone_at, _fate(life.fate, life.law, life.retained_until)
    if one.stands == statements.LEAVING:
        return life.withdraw_since, None
    if one.stands == statements.HELD:
        return _held_since(life), None
    return life.told_at, None


def _held_since(life: Life) -> datetime | None:
    """When the first receipt for this life came."""
    answered = [
        receipt.received_at
        for telling in life.tellings
        if telling.outcome == "held"
        for receipt in telling.receipts
    ]
    return min(answered, default=life.held_at)


def _why_never(one: statements.Partner, whole: Statement) -> str:
    newest = {ground.programme: ground.event for ground in whole.consents}.get(one.partner)
    if newest is None:
        return "no consent"
    if newest == "revoked":
        return "consent taken back"
    codes = [notice.code for notice in one.waiting if notice.code is not None]
    return codes[0] if codes else "waits to be told" if one.waiting else "nothing to tell"


def _fate(fate: str | None, law: str | None, until: date | None) -> str | None:
    if fate is None:
        return None
    said = FATES[Fate(fate)]
    if law is not None:
        said += f" ({law})"
    return said if until is None else f"{said} until {until.isoformat()}"


def _country(partner: str) -> str:
    """Its country; the code alone of a programme that only another release of ours knows."""
    return PROGRAMMES[partner].country if partner in PROGRAMMES else partner
