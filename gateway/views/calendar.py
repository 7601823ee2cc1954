"""When people work over there: why an answer of theirs may take until Monday.

It explains waiting, and stops no clock: batches are taken by machines, a revocation is due when it
is due, and whatever waits for one of their people waits for a working day.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from partners.agreements import Registered

WEEKDAYS: Final = (
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
)
_LOOK_AHEAD: Final = 366


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """A partner's working days, and today over there. `next_day` is the next working day after
    today; None if a year has none.
    """

    time_zone: str
    local: datetime
    working_days: tuple[str, ...]
    holidays: tuple[date, ...]
    works_today: bool
    next_day: date | None

    @property
    def sentence(self) -> str:
        """What it means for whoever waits."""
        today = f"{WEEKDAYS[self.local.weekday()]}, {self.local:%H:%M}"
        if self.works_today:
            return f"It is {today} there, a working day."
        if self.next_day is None:
            return f"It is {today} there, and no working day is known."
        after = f"{WEEKDAYS[self.next_day.weekday()]} {self.next_day.isoformat()}"
        return (
            f"It is {today} there, no working day; their people are back on {after}. Batches are"
            " taken by machines, and a revocation is due all the same."
        )


def of(registered: Registered, *, now: datetime) -> Today:
    """Today over there, by the calendar of the agreement."""
    kept = registered.calendar
    local = now.astimezone(ZoneInfo(kept.zone))
    ahead = (local.date() + timedelta(days=n) for n in range(1, _LOOK_AHEAD))
    return Today(
        time_zone=kept.zone,
        local=local,
        working_days=tuple(WEEKDAYS[day - 1] for day in sorted(kept.working_days)),
        holidays=tuple(sorted(kept.holidays)),
        works_today=kept.works(local.date()),
        next_day=next((day for day in ahead if kept.works(day)), None),
    )
