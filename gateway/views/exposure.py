"""Exposure: for how long a member that had lost its benefits could still have had them.

Of every partner, for one calendar month in the time zone of its agreement:

    exposed      from the moment the source told us of a status that is bad (suspended, removed,
                 withdrawn) or left the member out of a full list, or a consent was taken back here,
                 if the partner might hold the member in good standing then;
                 until the first of: its receipt confirmed something told after that moment, its
                 receipt confirmed the deletion, the source said a good status again.
                 A receipt counts when it is settled here; "received" confirms nothing; a deletion
                 that was not so, and is asked for again, confirmed nothing either.
    minutes      the sum over all lives of the parts of these times that fall into the month, until
                 now; a started minute counts. A life is one reference: one member at one partner.
    open         of these times, those that had not ended at the end of the month, or now.
    monthly      what one list a month would have left instead: a snapshot on the 1st at 00:00 in
                 the agreement's zone, delivered at that instant. Of every member that would have
                 stood on the list of this month (told before it, and in standing), from the same
                 beginnings until the next list, the good status, or a new reference: whoever is
                 told anew, after an absence or a revocation, is entitled again.
    outside      of the minutes, those on days on which nobody works at the partner. They explain
                 waiting. No clock stops for them.

The beginnings are entries of the ledger (`gateway.views.losses`); the ends are receipts as they were
settled. Ended agreements, dropped identifiers and eligibility are no part of it. Whose deletion was
confirmed before the month is not looked at.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, bindparam, select

from gateway.views import losses
from gateway.views.losses import CAUSES, Life, Period
from partners import agreements
from schemas import bulk
from schemas.calendar import Calendar
from schemas.errors import BadRequest
from schemas.tables import batch_notices, batches, disclosures

MONTH: Final = r"^2[0-9]{3}-(0[1-9]|1[0-2])$"
LONGEST_SHOWN: Final = 10
DEFINITIONS: Final = {
    "exposed": (
        "From the moment the source told us of a bad status or left the member out of a full list, "
        "or its consent was taken back here, if the partner might hold it in good standing then; "
        "until the partner's receipt confirmed something told after that moment or the deletion, or "
        "the source said a good status again."
    ),
    "minutes": (
        "The sum over all members of the parts of these times in the month, which begins and ends "
        "in the time zone of the agreement; a started minute counts."
    ),
    "by_cause": "The minutes by the first reason; rounded so that they add up to the minutes.",
    "open": "Of these times, those that had not ended at the end of the month, or by now.",
    "minutes_outside": (
        "Of the minutes, those on days on which nobody works at the partner. No clock stops for them."
    ),
    "monthly_minutes": (
        "What one list a month would have left: a snapshot on the 1st at 00:00 in the agreement's "
        "zone, delivered at that instant. Of each member on it, from the same beginnings until the "
        "next list, the first good status, or the moment it was told anew under another reference."
    ),
}
_MONTH = re.compile(MONTH)
_MINUTE, _NONE = timedelta(minutes=1), timedelta()
_REFS_AT_ONCE = 2_000
_DISCLOSED = select(
    disclosures.c.ref,
    disclosures.c.told_at,
    disclosures.c.gone_at,
    disclosures.c.withdraw_since,
).where(bulk.one_of(disclosures.c.ref, "refs"))
_TOLD = select(disclosures.c.partner, disclosures.c.account, disclosures.c.told_at).where(
    bulk.one_of(disclosures.c.account, "accounts")
)
_CONFIRMED = (
    select(batch_notices.c.ref, batch_notices.c.version, batches.c.closed_at)
    .join(batches, batches.c.id == batch_notices.c.batch_id)
    .where(
        bulk.one_of(batch_notices.c.ref, "refs"),
        batch_notices.c.kind == "announcement",
        batch_notices.c.outcome == bindparam("held"),
    )
)


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
    """The report of one month, from the ledger and from what receipts settled."""
    year, number = map(int, month.split("-"))
    books = {}
    for one in agreements.every(tx):
        since, until = one.calendar.month(year, number)
        books[one.agreement.partner] = _Book(one.calendar, since, until, min(until, now))
    first = min((book.since for book in books.values()), default=now)
    due = [
        life
        for life in losses.lives(tx, since=first, until=now)
        if life.partner in books and any(map(books[life.partner].touches, life.periods))
    ]
    stretches: list[Exposed] = []
    for n in range(0, len(due), _REFS_AT_ONCE):
        for known in _followed(tx, due[n : n + _REFS_AT_ONCE]):
            stretches += books[known.life.partner].enter(known)
    stretches.sort(key=lambda one: (one.lasted, one.since), reverse=True)
    return Exposure(
        month=month,
        made_at=now,
        partners=tuple(book.closed(partner) for partner, book in books.items()),
        longest=tuple(stretches[:LONGEST_SHOWN]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Followed:
    """A life with when it was first told and when its deletion was confirmed, its confirmed
    versions, and when the partner was told of the member under other references.
    """

    life: Life
    told_at: datetime
    gone_at: datetime | None
    confirmed: list[tuple[int, datetime]]
    others: list[datetime]


def _followed(tx: Connection, some: Iterable[Life]) -> Iterator[_Followed]:
    by_ref = {life.ref: life for life in some}
    which = {"refs": list(by_ref)}
    found = tx.execute(_DISCLOSED, which).all()
    confirmed: dict[str, list[tuple[int, datetime]]] = {}
    others: dict[tuple[str, str], list[datetime]] = {}
    for ref, version, closed_at in tx.execute(_CONFIRMED, {**which, "held": "held"}):
        confirmed.setdefault(ref, []).append((version, closed_at))
    if ending := [by_ref[row.ref].account for row in found if row.withdraw_since is not None]:
        for partner, account, told_at in tx.execute(_TOLD, {"accounts": ending}):
            others.setdefault((partner, account), []).append(told_at)
    for row in found:
        life = by_ref[row.ref]
        yield _Followed(
            life=life,
            told_at=row.told_at,
            gone_at=row.gone_at,
            confirmed=confirmed.get(row.ref, []),
            others=others.get((life.partner, life.account), []),
        )


@dataclass(slots=True)
class _Book:
    """What is added up for one partner while its lives are read; nothing from `end` on."""

    calendar: Calendar
    since: datetime
    until: datetime
    end: datetime
    lasted: timedelta = _NONE
    longest: timedelta = _NONE
    outside: timedelta = _NONE
    open: int = 0
    members: set[str] = field(default_factory=set)
    causes: dict[str, timedelta] = field(default_factory=lambda: dict.fromkeys(CAUSES, _NONE))
    monthly: timedelta = _NONE
    monthly_members: set[str] = field(default_factory=set)

    def touches(self, period: Period) -> bool:
        if self.end <= self.since:  # a month that has begun elsewhere, and not there
            return False
        return period.since < self.end and (period.until is None or period.until > self.since)

    def enter(self, one: _Followed) -> Iterator[Exposed]:
        """Add up one life; gives its stretches of exposure."""
        for period in filter(self.touches, one.life.periods):
            ends = [at for version, at in one.confirmed if version > period.best]
            ends += [at for at in (one.gone_at, period.until) if at is not None]
            ended = min(ends, default=None)
            if period.may_hold and (ended is None or ended > max(period.since, self.since)):
                yield self._exposed(one.life, period, ended)
            self._list(one, period)

    def _exposed(self, life: Life, period: Period, ended: datetime | None) -> Exposed:
        begins = max(period.since, self.since)
        ends = self.end if ended is None else min(ended, self.end)
        lasted = ends - begins
        self.lasted += lasted
        self.causes[period.cause] += lasted
        self.longest = max(self.longest, lasted)
        self.outside += self.calendar.idle(begins, ends)
        self.open += ended is None or ended > self.end
        self.members.add(life.account)
        return Exposed(
            partner=life.partner,
            account=life.account,
            cause=period.cause,
            since=period.since,
            until=ended,
            lasted=lasted,
        )

    def _list(self, one: _Followed, period: Period) -> None:
        """The same with one list a month: whoever stood on this month's, until the next."""
        if period.since < self.since or one.told_at > self.since or one.life.lost(self.since):
            return
        anew = [at for at in one.others if at > period.since]
        ends = [at for at in (*anew, period.until, self.end) if at is not None]
        self.monthly += min(ends) - period.since
        self.monthly_members.add(one.life.account)

    def closed(self, partner: str) -> Partner:
        return Partner(
            partner=partner,
            time_zone=self.calendar.zone,
            since=self.since,
            until=self.until,
            members=len(self.members),
            minutes=_minutes(self.lasted),
            longest_minutes=_minutes(self.longest),
            open=self.open,
            minutes_outside=_minutes(self.outside),
            by_cause=_parts(self.causes, _minutes(self.lasted)),
            monthly_members=len(self.monthly_members),
            monthly_minutes=_minutes(self.monthly),
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
