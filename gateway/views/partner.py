"""One partner: how both lanes stand, what it is told, its certificates, and whether we agree.

    row          as in the overview: lanes, what waits, what is blocked by which code, thirty days
    fields       exactly what leaves (`fields`)
    certificates theirs that are pinned, theirs that wait for two persons, ours
    holdings     what they hold of us by their receipts, and what they said at the last comparison
    tested       the last test of the way there
    calendar     when their people work

Nothing of any one company stands in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from gateway.views import calendar, fields, rows
from gateway.views.calendar import Today
from gateway.views.fields import Fields
from gateway.views.rows import Row
from outbox import holdings
from outbox.holdings import Check
from outbox.house import House
from partners import agreements, certificates, staged_certificates
from partners.agreements import Registered
from partners.certificates import Pinned
from partners.holdings import Side
from schemas.tables import connection_tests, foreign_rolls, own_keys
from schemas.tables import holdings as sums
from signing.certificate import Certificate


@dataclass(frozen=True, slots=True, kw_only=True)
class Runway:
    """One certificate and how long it still holds. `state`: pinned, staged, approved once; of ours
    current, next.
    """

    owner: str
    fingerprint: str
    state: str
    not_before: datetime
    not_after: datetime
    days_left: int
    valid: bool

    @property
    def name(self) -> str:
        return f"{self.owner} {self.fingerprint[:12]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """The last test of the way to the partner. `findings` is one a step: step, result, sentence,
    next.
    """

    at: datetime
    by: str
    findings: tuple[Mapping[str, Any], ...]

    @property
    def well(self) -> bool:
        return all(step["result"] != "failed" for step in self.findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """`sent` is what they hold of us by all their receipts, those being withdrawn among them;
    `check` the last comparison with their own word; `theirs` what we hold of them, as of when.
    """

    sent: int
    check: Check | None
    theirs: int
    theirs_as_of: datetime | None
    theirs_heard_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    row: Row
    registered: Registered
    fields: Fields
    certificates: tuple[Runway, ...]
    holdings: Holdings
    tested: Tested | None
    calendar: Today


def partner(tx: Connection, house: House, code: str, *, now: datetime) -> Partner:
    """All of one partner, or `BadRequest` MRX-5001."""
    registered = agreements.get(tx, code)
    return Partner(
        row=rows.of(tx, house, code, now=now),
        registered=registered,
        fields=fields.of(house, registered.agreement),
        certificates=(*_theirs(tx, code, now=now), *_ours(tx, house, now=now)),
        holdings=_holdings(tx, code),
        tested=tested(tx, code),
        calendar=calendar.of(registered, now=now),
    )


def tested(tx: Connection, code: str) -> Tested | None:
    """What the last test of the way to a partner found, if there was one."""
    row = tx.execute(_TESTED, {"partner": code}).one_or_none()
    return None if row is None else Tested(at=row.at, by=row.by, findings=tuple(row.findings))


_TESTED = select(connection_tests).where(connection_tests.c.partner == bindparam("partner"))
_SUM = select(func.sum(sums.c.size)).where(
    sums.c.programme == bindparam("partner"), sums.c.side == bindparam("side")
)
_ROLL = select(foreign_rolls).where(foreign_rolls.c.programme == bindparam("partner"))
_NEXT = select(own_keys.c.certificate).where(own_keys.c.state == "next")


def _theirs(tx: Connection, code: str, *, now: datetime) -> list[Runway]:
    pinned = [_runway(code, "pinned", one, now=now) for one in certificates.pinned(tx, code)]
    waiting = staged_certificates.every(tx, partner=code)
    return pinned + [
        _runway(code, one.state.value, one.certificate, now=now, waits=True) for one in waiting
    ]


def _ours(tx: Connection, house: House, *, now: datetime) -> list[Runway]:
    home, following = house.programme, tx.scalar(_NEXT)
    ours = [_runway(home, "current", house.key.certificate, now=now)]
    if following is not None:
        ours.append(_runway(home, "next", Certificate.parse(following.encode()), now=now))
    return ours


def _runway(
    owner: str, state: str, one: Pinned | Certificate, *, now: datetime, waits: bool = False
) -> Runway:
    """One that waits for approval is believed in nothing."""
    return Runway(
        owner=owner,
        fingerprint=one.fingerprint,
        state=state,
        not_before=one.not_before,
        not_after=one.not_after,
        days_left=(one.not_after - now).days,
        valid=not waits and one.not_before <= now <= one.not_after,
    )


def _holdings(tx: Connection, code: str) -> Holdings:
    roll = tx.execute(_ROLL, {"partner": code}).one_or_none()
    return Holdings(
        sent=int(tx.scalar(_SUM, {"partner": code, "side": Side.OURS}) or 0),
        check=holdings.checked(tx, code),
        theirs=0 if roll is None else roll.size,
        theirs_as_of=None if roll is None else roll.as_of,
        theirs_heard_at=None if roll is None else roll.heard_at,
    )
