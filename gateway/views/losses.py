"""When a member had to lose its benefits at a partner: the ledger's word, life by life.

    ledger: standing, revoked --> turns --> periods of each life

A period begins when the source told us of a bad status, left the member out of a full list, or a
consent was taken back; the first of these counts. It ends when the source says a good status again,
be the life gone by then or not; an absence and a revocation end never, because the life is withdrawn
for good. Lives that were over before the time that is asked for are left out as early as can be: a
report costs what lasted into its month, and little for the years before.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

import orjson
from sqlalchemy import Connection, bindparam, select, union_all

from outbox import standing, withdrawals
from schemas import bulk
from schemas.tables import disclosures, ledger, revocations

REVOKED: Final = "revoked"
CAUSES: Final = ("suspended", "removed", "withdrawn", standing.ABSENT, REVOKED)
"""Why a member lost its benefits; each is the source's word, or the company's."""

_STANDING = "status"  # the one ground that may fall away again
_ENTRY = (ledger.c.position, ledger.c.at, ledger.c.kind, ledger.c.partner, ledger.c.subject)
_BEFORE = ledger.c.at < bindparam("until", type_=ledger.c.at.type)
# Taken back, and not confirmed before the time that is asked for: by these accounts their entries
# are found, however many others the ledger has. One that was never told names no life.
_DUE = select(revocations.c.account).where(
    revocations.c.answer.in_((withdrawals.ON_ITS_WAY, withdrawals.CONFIRMED)),
    revocations.c.confirmed_at.is_(None)
    | (revocations.c.confirmed_at > bindparam("since", type_=revocations.c.confirmed_at.type)),
)
_ENTRIES = union_all(
    select(*_ENTRY, ledger.c.entry).where(ledger.c.kind == standing.KIND, _BEFORE),
    select(*_ENTRY, ledger.c.entry).where(
        ledger.c.kind == REVOKED, ledger.c.subject.in_(_DUE), _BEFORE
    ),
).order_by("position")
_REFS_AT_ONCE = 10_000
_NOT_OVER = select(disclosures.c.ref).where(
    bulk.one_of(disclosures.c.ref, "refs"),
    disclosures.c.gone_at.is_(None)
    | (disclosures.c.gone_at > bindparam("since", type_=disclosures.c.gone_at.type)),
)


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


def lives(tx: Connection, *, since: datetime, until: datetime) -> list[Life]:
    """Every life of which something was said before `until` and that was not over by `since`."""
    turns = list(_turns(tx, since, until))
    refs = list({turn.ref for turn in turns})
    left: set[str] = set()
    for n in range(0, len(refs), _REFS_AT_ONCE):
        left.update(tx.scalars(_NOT_OVER, {"refs": refs[n : n + _REFS_AT_ONCE], "since": since}))
    found: dict[str, Life] = {}
    for turn in turns:
        if turn.ref not in left:
            continue
        if turn.ref not in found:
            found[turn.ref] = Life(
                ref=turn.ref, partner=turn.partner, account=turn.account, periods=[]
            )
        _hear(found[turn.ref], turn)
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


def _turns(tx: Connection, since: datetime, until: datetime) -> Iterator[Turn]:
    said = tx.execute(_ENTRIES, {"since": since, "until": until})
    for _, at, kind, partner, subject, text in said:
        entry: dict[str, Any] = orjson.loads(text)
        if kind == REVOKED:
            # Entries of a ledger that is older than these reports name no lives.
            for ref, version, may_hold in entry.get("lives", ()):
                yield Turn(at, partner, subject, REVOKED, ref, version, may_hold)
            continue
        for account, word, known in entry["turned"]:
            for whose, ref, version, may_hold in known:
                yield Turn(at, whose, account, word, ref, version, may_hold)
