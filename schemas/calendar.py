"""When people at a partner work: its time zone, its working days, its holidays.

It explains waiting, and stops no clock: what was taken back must not stay over a weekend either.

>>> taipei = Calendar("Asia/Taipei", frozenset({1, 2, 3, 4, 5}), frozenset({date(2026, 10, 9)}))
>>> taipei.works(date(2026, 10, 8)), taipei.works(date(2026, 10, 9))
(True, False)
>>> taipei.month(2026, 10)[0].isoformat()
'2026-09-30T16:00:00+00:00'
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

WEEK: Final = frozenset({1, 2, 3, 4, 5})
HOLIDAYS_MAX: Final = 1_000
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Calendar:
    """`zone` is a name of the IANA database; working days are ISO's: Monday is 1, Sunday 7."""

    zone: str = "UTC"
    working_days: frozenset[int] = WEEK
    holidays: frozenset[date] = frozenset()

    def works(self, day: date) -> bool:
        """Whether people work there on that day."""
        return day.isoweekday() in self.working_days and day not in self.holidays

    def begins(self, day: date) -> datetime:
        """The moment, in UTC, at which a day begins there."""
        there = ZoneInfo(self.zone)
        return datetime(day.year, day.month, day.day, tzinfo=there).astimezone(UTC)

    def month(self, year: int, month: int) -> tuple[datetime, datetime]:
        """The moments, in UTC, at which a month and the one after it begin there."""
        first = date(year, month, 1)
        return self.begins(first), self.begins(_next(first))

    def month_of(self, moment: datetime) -> tuple[datetime, datetime]:
        """The same of the month in which a moment falls there."""
        there = moment.astimezone(ZoneInfo(self.zone))
        return self.month(there.year, there.month)

    def idle(self, since: datetime, until: datetime) -> timedelta:
        """How much of a span falls on days on which nobody works there."""
        off = self.days_off(since, until)
        return sum((min(until, end) - max(since, first) for first, end in off), timedelta())

    def days_off(self, since: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
        """The days on which nobody works there, whole ones, of a span: those next to each other as
        one, from when the first begins until the last ends.
        """
        found: list[tuple[datetime, datetime]] = []
        day = since.astimezone(ZoneInfo(self.zone)).date()
        while (begins := self.begins(day)) < until:
            day += _DAY
            if self.works(day - _DAY):
                continue
            if found and found[-1][1] == begins:
                begins = found.pop()[0]
            found.append((begins, self.begins(day)))
        return found


def is_zone(name: str) -> bool:
    """Whether the IANA database has a zone of this name."""
    return name in available_timezones()


def _next(first: date) -> date:
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)
