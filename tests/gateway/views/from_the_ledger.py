"""Exposure as it can be worked out from the ledger and the receipts alone, entry by entry from the
first: what `outbox.losses` keeps, and `gateway.views.exposure` adds up, must come to the same.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, select

from gateway.views.exposure import Exposed, Partner
from outbox import losses
from partners import agreements
from schemas.calendar import Calendar
from schemas.tables import batch_notices, batches, disclosures, ledger


class Turn(NamedTuple):
    """One word on one life: `word` is a status, absent or revoked; `version` was told last then,
    and `may_hold` says whether the partner might hold the member in good standing.
    """

    at: datetime
    partner: str
    account: str
    word: str
    ref: str
    version: int
    may_hold: bool


@dataclass(slots=True, kw_only=True)
class Period:
    """A time in which the member is to have no benefit. `best` is the last version that said a good
    status: what was told later says that there is no standing. `until` is None while it lasts.
    """

    since: datetime
    until: datetime | None
    cause: str
    best: int
    may_hold: bool


@dataclass(slots=True, kw_only=True)
class Life:
    """One reference at one partner, and its periods in order. `first_good` is when the first word
    of the ledger on it was that its standing is good again: until then it was bad.
    """

    ref: str
    partner: str
    account: str
    periods: list[Period]
    first_good: datetime | None = None
    # While the words are read:
    grounds: set[str] = field(default_factory=set)
    turned_good: int = 0

    def lost(self, moment: datetime) -> bool:
        """Whether the member had no standing at a moment, as far as this life knows."""
        if self.first_good is not None and moment < self.first_good:
            return True
        return any(
            one.since <= moment and (one.until is None or moment < one.until)
            for one in self.periods
        )


def lives(tx: Connection) -> list[Life]:
    """Every life of which something was said."""
    found: dict[str, Life] = {}
    for turn in _turns(tx):
        life = Life(ref=turn.ref, partner=turn.partner, account=turn.account, periods=[])
        _hear(found.setdefault(turn.ref, life), turn)
    return list(found.values())


def _hear(life: Life, turn: Turn) -> None:
    first = not life.periods and life.first_good is None
    if not losses.bad(turn.word):
        if first:
            life.first_good = turn.at
        life.turned_good = turn.version
        life.grounds.discard("status")
        if life.periods and life.periods[-1].until is None and not life.grounds:
            life.periods[-1].until = turn.at
        return
    lasting = turn.word in (losses.REVOKED, losses.ABSENT)
    if not life.grounds:
        # What was told since the last good word is good; if nothing was, the version before it.
        told_good = turn.version > life.turned_good
        before = life.periods[-1].best if life.periods else 0
        life.periods.append(
            Period(
                since=turn.at,
                until=None,
                cause=turn.word.lower(),
                best=turn.version if told_good else before,
                may_hold=turn.may_hold,
            )
        )
    life.grounds.add(turn.word if lasting else "status")


def _turns(tx: Connection) -> Iterator[Turn]:
    for row in tx.execute(select(ledger).order_by(ledger.c.position)):
        entry: dict[str, Any] = orjson.loads(row.entry)
        if row.kind == "revoked":
            for ref, version, may_hold in entry["lives"]:
                yield Turn(row.at, row.partner, row.subject, "revoked", ref, version, may_hold)
        if row.kind == "standing":
            for account, word, known in entry["turned"]:
                for whose, ref, version, may_hold in known:
                    yield Turn(row.at, whose, account, word, ref, version, may_hold)


def exposure(
    tx: Connection, month: str, *, now: datetime
) -> tuple[tuple[Partner, ...], list[Exposed]]:
    """What every partner's month comes to, and every stretch in it."""
    year, number = map(int, month.split("-"))
    books: dict[str, Book] = {}
    for one in agreements.every(tx):
        since, until = one.calendar.month(year, number)
        books[one.agreement.partner] = Book(one.calendar, since, until, min(until, now))
    stretches: list[Exposed] = []
    for known in _followed(tx, lives(tx)):
        stretches += books[known.life.partner].enter(known)
    return tuple(book.closed(partner) for partner, book in books.items()), stretches


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """A life with when it was first told and when its deletion was confirmed, its confirmed
    versions, and when the partner was told of the member under other references.
    """

    life: Life
    told_at: datetime
    gone_at: datetime | None
    confirmed: list[tuple[int, datetime]]
    others: list[datetime]


def _followed(tx: Connection, some: Iterable[Life]) -> Iterator[Followed]:
    for life in some:
        row = tx.execute(select(disclosures).where(disclosures.c.ref == life.ref)).one()
        confirmed = (
            select(batch_notices.c.version, batches.c.closed_at)
            .join(batches, batches.c.id == batch_notices.c.batch_id)
            .where(
                batch_notices.c.ref == life.ref,
                batch_notices.c.kind == "announcement",
                batch_notices.c.outcome == "held",
            )
        )
        others = select(disclosures.c.told_at).where(
            disclosures.c.account == life.account, disclosures.c.partner == life.partner
        )
        yield Followed(
            life=life,
            told_at=row.told_at,
            gone_at=row.gone_at,
            confirmed=[(version, at) for version, at in tx.execute(confirmed)],
            others=list(tx.scalars(others)),
        )


@dataclass(slots=True)
class Book:
    """What is added up for one partner while its lives are read; nothing from `end` on."""

    calendar: Calendar
    since: datetime
    until: datetime
    end: datetime
    lasted: timedelta = timedelta()
    longest: timedelta = timedelta()
    outside: timedelta = timedelta()
    open: int = 0
    members: set[str] = field(default_factory=set)
    causes: dict[str, timedelta] = field(
        default_factory=lambda: dict.fromkeys(losses.CAUSES, timedelta())
    )
    monthly: timedelta = timedelta()
    monthly_members: set[str] = field(default_factory=set)

    def touches(self, period: Period) -> bool:
        if self.end <= self.since:  # a month that has begun elsewhere, and not there
            return False
        return period.since < self.end and (period.until is None or period.until > self.since)

    def enter(self, one: Followed) -> Iterator[Exposed]:
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

    def _list(self, one: Followed, period: Period) -> None:
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
    return -(-length // timedelta(minutes=1))


def _parts(lengths: dict[str, timedelta], minutes: int) -> dict[str, int]:
    """Whole minutes of each; what is left of `minutes` goes to those that lost most by that."""
    parts = {name: length // timedelta(minutes=1) for name, length in lengths.items()}
    by_rest = sorted(lengths, key=lambda name: lengths[name] % timedelta(minutes=1), reverse=True)
    for name in by_rest[: minutes - sum(parts.values())]:
        parts[name] += 1
    return parts
