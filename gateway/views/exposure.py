"""Exposure: for how long a member that had lost its benefits could still have had them.

Of every partner, for one calendar month in the time zone of its agreement. What is counted is said
once, in `DEFINITIONS`: the page, the report and the signed file bring it along, and docs/exposure.md
says it with the same words. The times are kept when they begin and when they end (`outbox.losses`),
and added up by the database (`gateway.views.losses`).
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from gateway.views import losses
from gateway.views.losses import Month, Sums
from partners import agreements
from schemas.errors import BadRequest

MONTH: Final = r"^2[0-9]{3}-(0[1-9]|1[0-2])$"
LONGEST_SHOWN: Final = 10
DEFINITIONS: Final = {
    "exposed": (
        "From the moment the source told us a status that is bad (suspended, removed, withdrawn) or "
        "left the member out of a full list, or a consent was taken back here. It counts only where "
        "the partner might hold the member in good standing just then: because it was told a good "
        "status, and no receipt has confirmed a later word that is bad."
    ),
    "until": (
        "Until the first of: the partner's receipt confirmed something that was told after that "
        "moment; the partner's receipt confirmed the deletion, whatever became of the record there; "
        "the source said a good status again. A revocation and an absence are not ended by that: "
        "the record is withdrawn for good."
    ),
    "receipts": (
        "A receipt counts when it is settled here. Received confirms nothing; neither does a "
        "deletion that was not so and is asked for again."
    ),
    "in_doubt": (
        "Where several reasons come together, the time counts once, under the first of them. Where "
        "it is in doubt what the partner holds, it counts."
    ),
    "not_counted": (
        "A lower benefit level, a dropped identifier, a member outside the agreement's eligibility, "
        "an agreement that ended."
    ),
    "month": (
        "A month begins and ends at 00:00 on the 1st in the time zone of the agreement. The present "
        "month ends now."
    ),
    "members": "Members exposed in the month.",
    "minutes": (
        "The sum over all references (one member at one partner) of the parts of these times that "
        "fall into the month; a started minute counts."
    ),
    "longest_minutes": "The longest single time, as far as it falls into the month.",
    "open": (
        "Of these times, those that had not ended at the end of the month, or by now. A report that "
        "is made later counts the same, and names when they did end."
    ),
    "minutes_outside": (
        "Of the minutes, those on days on which nobody works at the partner: its working days and "
        "holidays, in its time zone. They explain waiting; no clock stops for them."
    ),
    "by_cause": (
        "The minutes by the first reason: suspended, removed, withdrawn, absent, revoked; rounded "
        "so that they add up to the minutes."
    ),
    "monthly_minutes": (
        "What one list a month would have left instead: a snapshot on the 1st at 00:00 in the "
        "agreement's zone, delivered and applied at that very instant, which flatters it. Whoever "
        "stood on this month's list (told before it, and in standing) keeps its benefits there from "
        "the same beginnings until the first of: the next list; the source says a good status "
        "again, be the record deleted by then or not; the partner is told of the member anew, under "
        "another reference."
    ),
    "monthly_members": "Members whose benefits that list would have left.",
}
"""What is counted, by the names of the report."""
_MONTH = re.compile(MONTH)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposed:
    """One member at one partner, for one stretch of time. `until` is None while it lasts."""

    partner: str
    account: str
    cause: str
    since: datetime
    until: datetime | None
    lasted: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """One partner's month, from `since` to `until`; the rest as in DEFINITIONS."""

    partner: str
    time_zone: str
    since: datetime
    until: datetime
    members: int
    minutes: int
    longest_minutes: int
    open: int
    minutes_outside: int
    by_cause: dict[str, int]
    monthly_members: int
    monthly_minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """The report. `longest` are the stretches that lasted longest in the month."""

    month: str
    made_at: datetime
    partners: tuple[Partner, ...]
    longest: tuple[Exposed, ...]


def month_of(text: str | None, *, now: datetime) -> str:
    """The month that is asked for, YYYY-MM; the present one, in UTC, if none is. Raises `BadRequest`
    MRX-7003 for what is no month, and for one that has not begun anywhere.
    """
    latest = f"{now.astimezone(UTC) + timedelta(hours=14):%Y-%m}"
    if text is None:
        return f"{now.astimezone(UTC):%Y-%m}"
    if _MONTH.fullmatch(text) is None or text > latest:
        raise BadRequest("MRX-7003", field="month")
    return text


def exposure(tx: Connection, month: str, *, now: datetime) -> Exposure:
    """The report of one month."""
    year, number = map(int, month.split("-"))
    months = []
    for one in agreements.every(tx):
        partner, calendar = one.agreement.partner, one.calendar
        since, until = calendar.month(year, number)
        ends = min(until, now)
        months.append(Month(partner=partner, calendar=calendar, since=since, until=until, end=ends))
    summed, longest = losses.sums(tx, months, most=LONGEST_SHOWN)
    return Exposure(
        month=month,
        made_at=now,
        partners=tuple(_partner(one, summed[one.partner]) for one in months),
        longest=tuple(
            Exposed(
                partner=row.partner,
                account=row.account,
                cause=row.cause,
                since=row.since,
                until=row.ended_at,
                lasted=losses.length(row.lasted),
            )
            for row in longest
        ),
    )


def _partner(month: Month, summed: Sums) -> Partner:
    minutes = _minutes(summed.lasted)
    return Partner(
        partner=month.partner,
        time_zone=month.calendar.zone,
        since=month.since,
        until=month.until,
        members=summed.members,
        minutes=minutes,
        longest_minutes=_minutes(summed.longest),
        open=summed.open,
        minutes_outside=_minutes(summed.outside),
        by_cause=_parts(summed.causes, minutes),
        monthly_members=summed.monthly_members,
        monthly_minutes=_minutes(summed.monthly),
    )


def _minutes(length: timedelta) -> int:
    """Started minutes."""
    return -(-length // _MINUTE)


def _parts(lengths: dict[str, timedelta], minutes: int) -> dict[str, int]:
    """Whole minutes of each; what is left of `minutes` goes to those that lost most by that."""
    parts = {name: length // _MINUTE for name, length in lengths.items()}
    by_rest = sorted(lengths, key=lambda name: lengths[name] % _MINUTE, reverse=True)
    for name in by_rest[: minutes - sum(parts.values())]:
        parts[name] += 1
    return parts
