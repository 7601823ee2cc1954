"""When people at a partner work: its time zone, its working days, its holidays; edited.

What cannot be so is said beside its field, and what was typed stays.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Final

from fastapi import APIRouter, Form, Path, Response

from gateway.acts import permission, reasons, terms
from gateway.console.page import Page, SignedIn
from gateway.identity.roles import Right
from gateway.views import calendar as view
from partners import agreements
from schemas.calendar import HOLIDAYS_MAX, Calendar, is_zone
from schemas.errors import BadRequest

router = APIRouter(prefix="/partners/{code}/calendar")

SHOWN_MAX: Final = 3  # lines that are named, of those that are no dates
LINES_LENGTH_MAX: Final = 100_000

Code = Annotated[str, Path(pattern="^[a-z]{2}-[a-z]{1,20}$")]
Word = Annotated[str, Form(max_length=200)]
Days = Annotated[list[str] | None, Form(max_length=20)]
Lines = Annotated[str, Form(max_length=LINES_LENGTH_MAX)]
Reason = Annotated[str, Form(max_length=2000)]
Typed = Mapping[str, str | list[str]]


@router.get("")
def ask(code: Code, page: SignedIn) -> Response:
    page.demand(Right.ENGINEER, what="the editing of a calendar")
    with page.house.database.read() as tx:
        kept = agreements.get(tx, code).calendar
    typed: Typed = {
        "time_zone": kept.zone,
        "days": [str(day) for day in kept.working_days],
        "holidays": "\n".join(day.isoformat() for day in sorted(kept.holidays)),
        "reason": "",
    }
    return _form(page, code, typed, {})


@router.post("")
def change(
    code: Code,
    page: SignedIn,
    time_zone: Word = "",
    days: Days = None,
    holidays: Lines = "",
    reason: Reason = "",
) -> Response:
    # Here already: who may not change it is not told either what is wrong with it.
    permission.demand(
        page.house, page.actor, Right.ENGINEER, act=terms.CHANGE, now=page.now, partner=code
    )
    typed: Typed = {
        "time_zone": time_zone,
        "days": days or [],
        "holidays": holidays,
        "reason": reason,
    }
    faults = _faults(time_zone.strip(), days or [], holidays, reason)
    if faults:
        return _form(page, code, typed, faults)
    new = Calendar(
        zone=time_zone.strip(),
        working_days=frozenset(map(int, days or [])),
        holidays=frozenset(map(date.fromisoformat, holidays.split())),
    )
    terms.change(page.house, page.actor, code, terms.of(new), reason=reason, now=page.now)
    return page.go(f"/partners/{code}/agreement", said="calendar-kept")


def _faults(zone: str, days: list[str], holidays: str, reason: str) -> dict[str, str]:
    """What cannot be so, by field, and what to write instead."""
    faults = {}
    if not is_zone(zone):
        faults["time_zone"] = "There is no such zone. Write one like Asia/Taipei, or UTC."
    if not set(days) <= {str(day) for day in terms.WEEKDAYS}:
        faults["days"] = "These are no days of a week."
    wrong = [line for line in holidays.split() if not _is_day(line)]
    if wrong:
        some = ", ".join(line[:20] for line in wrong[:SHOWN_MAX])
        more = f" and {len(wrong) - SHOWN_MAX} more" if len(wrong) > SHOWN_MAX else ""
        faults["holidays"] = f"No dates: {some}{more}. Write YYYY-MM-DD, one a line."
    elif len(set(holidays.split())) > HOLIDAYS_MAX:
        faults["holidays"] = f"Give {HOLIDAYS_MAX} at most."
    try:
        reasons.given(reason)
    except BadRequest:
        faults["reason"] = f"Give a reason: one line of 1 to {reasons.LENGTH_MAX} characters."
    return faults


def _is_day(line: str) -> bool:
    try:
        return date.fromisoformat(line).isoformat() == line
    except ValueError:
        return False


def _form(page: Page, code: str, typed: Typed, faults: Mapping[str, str]) -> Response:
    with page.house.database.read() as tx:
        today = view.of(agreements.get(tx, code), now=page.now)
    return page.show(
        "partner_calendar.html",
        title=f"When people work at {code}",
        status=422 if faults else 200,
        code=code,
        today=today,
        weekdays=view.WEEKDAYS,
        typed=typed,
        faults=faults,
        most=HOLIDAYS_MAX,
    )
