"""When a member had to lose its benefits at a partner: the ledger's word, life by life.

    ledger: standing, revoked --> turns --> periods of each life

A period begins when the source told us of a bad status, left the member out of a full list, or a
consent was taken back; the first of these counts. It ends when the source says a good status again;
an absence and a revocation end never, because the life is withdrawn for good.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Connection, bindparam, select

from outbox import standing
from schemas.tables import ledger

REVOKED: Final = "revoked"
CAUSES: Final = ("suspended", "removed", "withdrawn", standing.ABSENT, REVOKED)
"""Why a member lost its benefits; each is the source's word, or the company's."""

_STANDING = "status"  # the one ground that may fall away again
_ENTRIES = (
    select(ledger.c.at, ledger.c.kind, ledger.c.partner, ledger.c.subject, ledger.c.entry)
    .where(
        ledger.c.kind.in_((standing.KIND, REVOKED)),
        ledger.c.at < bindparam("until", type_=ledger.c.at.type),
    )
    .order_by(ledger.c.position)
)


@dataclass(frozen=True, slots=True)
class Turn:
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


def lives(tx: Connection, *, until: datetime) -> list[Life]:
    """Every life of which something was said before a moment; in proportion to what was said."""
    found: dict[str, Life] = {}
    for turn in _turns(tx, until):
        life = found.setdefault(
            turn.ref,
            Life(ref=turn.ref, partner=turn.partner, account=turn.account, periods=[]),
        )
        _hear(life, turn)
    return list(found.values())


def _hear(life: Life, turn: Turn) -> None:
    first = not life.periods and life.first_good is None
    if turn.word != REVOKED and not standing.bad(turn.word):
        if first:
            life.first_good = turn.at
        life.turned_good = turn.version
        life.grounds.discard(_STANDING)
        if life.periods and life.periods[-1].until is None and not life.grounds:
            life.periods[-1].until = turn.at
        return
    lasting = turn.word in (REVOKED, standing.ABSENT)
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
    life.grounds.add(turn.word if lasting else _STANDING)


def _turns(tx: Connection, until: datetime) -> Iterator[Turn]:
    for at, kind, partner, subject, text in tx.execute(_ENTRIES, {"until": until}):
        entry: dict[str, Any] = orjson.loads(text)
        if kind == REVOKED:
            # Entries of a ledger that is older than these reports name no lives.
            yield from _each(
                at, REVOKED, subject, [[partner, *one] for one in entry.get("lives", ())]
            )
        else:
            for account, word, known in entry["turned"]:
                yield from _each(at, word, account, known)


def _each(at: datetime, word: str, account: str, known: Iterable[list[Any]]) -> Iterator[Turn]:
    for partner, ref, version, may_hold in known:
        yield Turn(at, partner, account, word, ref, version, may_hold)
