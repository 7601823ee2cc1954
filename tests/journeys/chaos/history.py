"""What happened in a storm: what partners saw, what the tables say, what the source wanted.

    journals of the partners --.
    tables of the gateway -----+--> History --> checker
    what the source knows -----'

Plain values, so that a history can also be made up (test_checker).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import select

from mappers import MAPPERS
from outbox import ledger
from outbox.house import House
from partners import foreign_roll
from schemas import exchange
from schemas.tables import attempts, batch_files, batches, disclosures, lanes, pending, revocations
from schemas.tables import ledger as entries_
from signing.open import open_sealed
from tests.journeys.chaos.journal import Line


class Place(NamedTuple):
    """One issue of one number of one lane."""

    partner: str
    lane: str
    epoch: str
    number: int
    issue: int

    def __str__(self) -> str:
        return f"{self.partner} {self.lane} number {self.number} issue {self.issue}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A file that reached a partner. `announced` are (ref, version, name)."""

    place: Place
    at: datetime
    digest: str
    previous: str | None = None
    announced: tuple[tuple[str, int, str], ...] = ()
    withdrawn: tuple[str, ...] = ()
    word: str = "honest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """An issue as the gateway keeps it; `state` is its batch's."""

    place: Place
    digest: str
    state: str = "settled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A transmission that was let out."""

    place: Place
    n: int
    fence: int
    began_at: datetime
    outcome: str | None = "receipt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of the ledger. Positions are in the order of commits."""

    position: int
    kind: str
    said: Mapping[str, Any]
    partner: str | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """When a partner might be told of an account: from just before the grant was pushed until the
    answer to its revocation was there.
    """

    partner: str
    account: str
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """A ref that a partner may know."""

    ref: str
    partner: str
    account: str
    withdraw_since: datetime | None = None
    gone_at: datetime | None = None


class Outage(NamedTuple):
    """While it lasted the database could not be used."""

    began: datetime
    ended: datetime


@dataclass(slots=True, kw_only=True)
class History:
    """All of it. `held` and `wanted` are name -> status by partner; `open` are revocations without
    an end (number, answer), `waiting` what still lay in the queue when it was calm.
    """

    arrivals: Sequence[Arrival] = ()
    sealed: Sequence[Sealed] = ()
    attempts: Sequence[Attempt] = ()
    entries: Sequence[Entry] = ()
    permissions: Sequence[Permission] = ()
    lives: Sequence[Life] = ()
    held: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    wanted: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    open: Sequence[tuple[str, str]] = ()
    waiting: Sequence[tuple[str, str | None]] = ()
    outages: Sequence[Outage] = ()
    ledger_broken_at: int | None = None


def account_of(name: str) -> str:
    """Names of the storm's companies hold their account: "Invented Company 20000010 (4)"."""
    return name.split()[2]


def arrivals(house: House, lines: Mapping[str, Sequence[Line]]) -> list[Arrival]:
    """The partners' journals, each file read as the partner could read it."""
    found = []
    for partner, journal in lines.items():
        for line in journal:
            opened = open_sealed(line.file, [house.key.certificate], line.at)
            read = exchange.read_batch(opened.content)
            head = read.header
            records = () if read.document is None else MAPPERS[partner].read(read.document)
            found.append(
                Arrival(
                    place=Place(partner, head.lane.value, head.epoch, head.number, head.issue),
                    at=line.at,
                    digest=opened.digest,
                    previous=head.previous,
                    announced=tuple((one.ref, one.version, one.name) for one in records),
                    withdrawn=read.withdrawals,
                    word=line.word,
                )
            )
    return sorted(found, key=lambda one: one.at)


def tables(house: House, history: History) -> None:
    """Fill in what the gateway's own tables say."""
    at = (lanes.c.partner, lanes.c.kind, batches.c.epoch, batches.c.number)
    with house.database.read() as tx:
        history.ledger_broken_at = ledger.verify(tx).broken_at
        issues = (
            select(*at, batch_files.c.issue, batch_files.c.digest, batches.c.state)
            .join(batches, batches.c.id == batch_files.c.batch_id)
            .join(lanes, lanes.c.id == batches.c.lane_id)
        )
        history.sealed = [
            Sealed(place=Place(*row[:5]), digest=row.digest, state=row.state)
            for row in tx.execute(issues)
        ]
        a = attempts.c
        tries = (
            select(*at, a.issue, a.n, a.fence, a.began_at, a.outcome)
            .join(batches, batches.c.id == a.batch_id)
            .join(lanes, lanes.c.id == batches.c.lane_id)
            .order_by(batches.c.id, a.n)
        )
        history.attempts = [
            Attempt(
                place=Place(*row[:5]),
                n=row.n,
                fence=row.fence,
                began_at=row.began_at,
                outcome=row.outcome,
            )
            for row in tx.execute(tries)
        ]
        history.entries = [
            Entry(
                position=row.position,
                kind=row.kind,
                said=orjson.loads(row.entry),
                partner=row.partner,
                subject=row.subject,
            )
            for row in tx.execute(select(entries_).order_by(entries_.c.position))
        ]
        d = disclosures.c
        history.lives = [
            Life(
                ref=row.ref,
                partner=row.partner,
                account=row.account,
                withdraw_since=row.withdraw_since,
                gone_at=row.gone_at,
            )
            for row in tx.execute(select(d.ref, d.partner, d.account, d.withdraw_since, d.gone_at))
        ]
        history.open = [
            (row.partner, row.answer)
            for row in tx.execute(select(revocations).where(revocations.c.confirmed_at.is_(None)))
            if row.answer == "withdrawal on its way"
        ]
        history.waiting = [
            (row.partner, row.blocked)
            for row in tx.execute(select(pending.c.partner, pending.c.blocked))
        ]


def roll(end: House, of: str) -> dict[str, str]:
    """What a partner's own end holds of us: name -> status."""
    with end.database.read() as tx:
        return {row.name: row.status for row in foreign_roll.every(tx, of)}
