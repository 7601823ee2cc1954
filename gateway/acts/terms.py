"""The terms of an agreement that one person may change: what holds for the partner's own members,
and when people work over there.

Nothing of it changes what may be told, so no batch that waits is made again. The calendar explains
waiting, and stops no clock.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, TypedDict

from gateway.acts import permission, reasons
from gateway.identity.actor import Actor
from gateway.identity.roles import Right
from outbox import ledger
from outbox.house import House
from partners import agreements, foreign_roll
from partners.agreements import Registered
from schemas.calendar import HOLIDAYS_MAX, Calendar, is_zone
from schemas.errors import BadRequest

CHANGE: Final = "change the terms"
PERCENT: Final = range(1, 101)
HOURS: Final = range(1, 87_601)  # of silence: up to ten years
WEEKDAYS: Final = range(1, 8)  # ISO: Monday is 1


class Terms(TypedDict, total=False):
    """What is to change, as the register keeps it; what is not named stays. `coverage` None: all
    categories of their members.
    """

    coverage: list[str] | None
    quarantine_percent: int
    rhythm_hours: int
    time_zone: str
    working_days: list[int]
    holidays: list[str]


@dataclass(frozen=True, slots=True)
class Changed:
    """The agreement after it, and how many of their members it moved in or out of coverage."""

    registered: Registered
    members: int


def of(calendar: Calendar) -> Terms:
    """A calendar as terms."""
    return {
        "time_zone": calendar.zone,
        "working_days": sorted(calendar.working_days),
        "holidays": [day.isoformat() for day in sorted(calendar.holidays)],
    }


def change(
    house: House, actor: Actor, partner: str, terms: Terms, *, reason: str, now: datetime
) -> Changed:
    """Change some terms, and apply them to the partner's whole roll at once. What stands so
    already is no change, and no entry of the ledger.

    Raises `BadRequest`: MRX-7017, MRX-7023 (no reason), MRX-7003 (which term cannot be so),
    MRX-5001.
    """
    permission.demand(house, actor, Right.ENGINEER, act=CHANGE, now=now, partner=partner)
    why = reasons.given(reason)
    asked: dict[str, Any] = dict(terms)
    for field, good in _RULES.items():
        if field in asked and not good(asked[field]):
            raise BadRequest("MRX-7003", field=field)
    with house.database.write() as tx:
        before = _kept(agreements.get(tx, partner))
        changes = {field: value for field, value in asked.items() if before[field] != value}
        members = 0
        if changes:
            agreements.change(tx, partner, **changes)
            if "coverage" in changes:
                members = foreign_roll.cover_anew(tx, partner, now=now)
            told = {
                "by": actor.by,
                "reason": why,
                "before": {field: before[field] for field in changes},
                "after": changes,
            }
            ledger.add(tx, "terms changed", told, now=now, partner=partner)
        return Changed(agreements.get(tx, partner), members)


def _kept(registered: Registered) -> dict[str, Any]:
    """The terms as they stand, as the register keeps them."""
    coverage = registered.coverage
    return {
        "coverage": None if coverage is None else sorted(coverage),
        "quarantine_percent": registered.quarantine_percent,
        "rhythm_hours": int(registered.rhythm.total_seconds() // 3600),
        **of(registered.calendar),
    }


def _are_days(days: list[str]) -> bool:
    """Whether these are days of the calendar, each written in its one form, and not too many."""
    try:
        same = all(date.fromisoformat(day).isoformat() == day for day in days)
    except ValueError:
        return False
    return same and len(days) <= HOLIDAYS_MAX and sorted(set(days)) == days


_RULES: Final = {
    "quarantine_percent": lambda percent: percent in PERCENT,
    "rhythm_hours": lambda hours: hours in HOURS,
    "time_zone": is_zone,
    "working_days": lambda days: sorted(set(days)) == days and set(days) <= set(WEEKDAYS),
    "holidays": _are_days,
}
