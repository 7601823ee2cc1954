"""Replays: what a partner turned down, told again. Before it is asked for, and while it runs.

preview --asked--> running --the last one is looked at--> done
           |          '--somebody cancels the rest--> cancelled
           '--over `ALONE_MAX` notices, or every cause--> waiting --a second person--> running
                                                             '--refused, cancelled--> cancelled
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, func, select, tuple_

from gateway.views.count import MOST, Count
from outbox import gate as gates
from outbox import turned_down
from outbox.house import House
from outbox.pending import TURNED_DOWN
from partners import agreements
from schemas.codes import CODES
from schemas.errors import BadRequest
from schemas.tables import disclosures, replays, stored

ALONE_MAX: Final = 1_000
"""More than so many notices are for two persons."""

LOOKED_AT: Final = 1_000
"""A preview looks at so many one by one; of the others it says how many they are."""


class State(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What telling again would do now, for one partner and one cause, or all that can be replayed.

    Of `looked_at` notices (the first by account) `goes` would be pending again, and `skipped` not:
    by a code, or a word of `turned_down.NOTHING_LEFT`. `withdrawals` are on their way meanwhile:
    they leave first, and need no replay. `gate` is the code of what keeps all announcements back.
    """

    partner: str
    code: str | None
    matched: Count
    looked_at: int
    goes: int
    skipped: Mapping[str, int]
    withdrawals: Count
    gate: str | None

    @property
    def whole(self) -> bool:
        """Whether all that match were looked at."""
        return self.looked_at == self.matched.n and not self.matched.more

    @property
    def possible(self) -> bool:
        """Whether anything would go, as far as was looked."""
        return self.goes > 0 or (bool(self.matched) and not self.whole)

    @property
    def for_two(self) -> bool:
        """Whether a second person must approve it."""
        return for_two(self.code, self.matched.n)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """One replay, and how far it has come."""

    id: str
    partner: str
    code: str | None
    reason: str
    asked_by: str
    asked_at: datetime
    state: State
    matched: int
    retold: int
    skipped: Mapping[str, int]
    ended_at: datetime | None
    ended_by: str | None

    @property
    def looked_at(self) -> int:
        return self.retold + sum(self.skipped.values())

    @property
    def open(self) -> bool:
        """Whether the rest can still be cancelled."""
        return self.state in (State.WAITING, State.RUNNING)


def for_two(code: str | None, matched: int) -> bool:
    """Whether so wide a replay needs a second person: of every cause at once, or of more than
    `ALONE_MAX` notices. Who resumes a lane is one person, and is held to the same (`wide`).
    """
    return code is None or matched > ALONE_MAX


def wide(turned_down: Mapping[str, int]) -> bool:
    """Whether what a partner turned down, counted by its code, is too wide for one person to have
    all of it told again: as a replay that tells the same would be.
    """
    causes = [code for code, counted in turned_down.items() if counted]
    only = causes[0] if len(causes) == 1 else None
    return bool(causes) and for_two(only, sum(turned_down.values()))


def refuse_unknown(tx: Connection, partner: str, code: str | None) -> None:
    """Raise `BadRequest`: MRX-5001 (partner), MRX-5018 (code), or MRX-5066 for a cause that telling
    again does not repair.
    """
    agreements.get(tx, partner)
    if code is not None and code not in CODES:
        raise BadRequest("MRX-5018")
    if code is not None and code not in TURNED_DOWN:
        raise BadRequest("MRX-5066", cause=code, instead=CODES[code].repair)


def preview(
    tx: Connection, house: House, partner: str, code: str | None, *, now: datetime
) -> Preview:
    """Look before anything is asked for. Raises `BadRequest` as `refuse_unknown` does."""
    refuse_unknown(tx, partner, code)
    matched = Count.of(turned_down.count(tx, partner, code, at_most=MOST + 1))
    dense = matched.n >= turned_down.DENSE
    some = turned_down.some(tx, partner, code, after=None, limit=LOOKED_AT, dense=dense)
    judged = turned_down.judged(tx, house, partner, some, now=now)
    return Preview(
        partner=partner,
        code=code,
        matched=matched,
        looked_at=len(some),
        goes=len(judged.goes),
        skipped=judged.skipped,
        withdrawals=Count.of(tx.execute(_WITHDRAWALS, {"whose": partner}).scalar_one()),
        gate=gates.gate(tx, house, partner, now=now).closed,
    )


def get(tx: Connection, replay_id: str) -> Replay:
    """One replay, or `BadRequest` MRX-5065."""
    row = tx.execute(_BY_ID, {"which": replay_id}).one_or_none()
    if row is None:
        raise BadRequest("MRX-5065")
    return _replay(row)


def every(
    tx: Connection,
    *,
    partner: str | None = None,
    after: tuple[datetime, str] | None = None,
    at_most: int,
) -> list[Replay]:
    """Replays, the newest first; those older than the key `after`."""
    key = (replays.c.asked_at, replays.c.id)
    query = select(replays).order_by(*(column.desc() for column in key)).limit(at_most)
    if partner is not None:
        query = query.where(replays.c.partner == partner)
    if after is not None:
        query = query.where(tuple_(*key) < after)
    return [_replay(row) for row in tx.execute(query)]


def key(replay: Replay) -> tuple[int, str]:
    """The place of a replay in the list, for a cursor."""
    return stored(replay.asked_at), replay.id


def reason_of(skipped: str) -> str:
    """Why some do not go, in words."""
    if skipped in turned_down.NOTHING_LEFT:
        return turned_down.NOTHING_LEFT[skipped]
    return CODES[skipped].title if skipped in CODES else skipped


def _replay(row: Row[Any]) -> Replay:
    names = Replay.__dataclass_fields__
    facts = {name: value for name, value in row._mapping.items() if name in names}  # noqa: SLF001  # SQLAlchemy's public name
    return Replay(**{**facts, "state": State(row.state)})


_BY_ID = select(replays).where(replays.c.id == bindparam("which"))
_LEAVING = select(disclosures.c.ref).where(
    disclosures.c.partner == bindparam("whose"),
    disclosures.c.withdraw_since.is_not(None),
    disclosures.c.gone_at.is_(None),
)
_WITHDRAWALS = select(func.count()).select_from(_LEAVING.limit(MOST + 1).subquery())
