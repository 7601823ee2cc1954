"""What a partner turned down, by its cause: how much, what would become of it if it were told
again, and telling it again, some thousands at a time.

    turned down --judged now--> goes        told again: back to pending, at its newest values
                           '--> nothing     the row goes: there is nothing left to tell
                           '--> blocked     stays as it is: something else stands in the way now

Only announcements are ever turned down for good. A withdrawal is repeated until it is confirmed.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, func, select

from outbox import gate as gates
from outbox import pending as queue
from outbox.candidate import Block, Nothing, Pair, Tell, facts, judge, pair
from outbox.draft import mapper_of
from outbox.gate import Gate
from outbox.house import House
from outbox.pending import TURNED_DOWN
from outbox.withdrawals import ANNOUNCE
from schemas import bulk
from schemas.consent import Event
from schemas.tables import pending

NO_CONSENT, ABSENT, UP_TO_DATE = "no consent", "absent", "up to date"
NOTHING_LEFT: Final[Mapping[str, str]] = {
    NO_CONSENT: "no consent for this partner is in force",
    ABSENT: "the member is not on the roll any more",
    UP_TO_DATE: "the partner holds exactly this already",
}
"""Why there is nothing left to tell of a pair; other reasons are codes."""

DENSE: Final = 10_000
"""So many rows of one cause are found more quickly among all of the partner's, in their order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What would become of some notices: `goes` and `nothing` are accounts, `skipped` counts all
    that would not go by the reason: a code, or a word of `NOTHING_LEFT`.
    """

    goes: Sequence[str]
    nothing: Sequence[str]
    skipped: Mapping[str, int]


def count(tx: Connection, partner: str, code: str | None, *, at_most: int) -> int:
    """How many notices this cause keeps from the partner; counted no further than `at_most`."""
    which = {"whose": partner, "why": _why(code), "most": at_most}
    counted: int = tx.execute(_count(), which).scalar_one()
    return counted


def some(
    tx: Connection,
    partner: str,
    code: str | None,
    *,
    after: str | None,
    limit: int,
    dense: bool = False,
) -> list[str]:
    """The next accounts of this cause in their order; `dense` where there are thousands."""
    which = {"whose": partner, "why": _why(code), "after": after or "", "most": limit}
    return list(tx.scalars(_some(dense=dense), which))


def judged(
    tx: Connection, house: House, partner: str, accounts: Sequence[str], *, now: datetime
) -> Judged:
    """What would become of these pairs if they were told again now. It changes nothing."""
    gate = gates.gate(tx, house, partner, now=now)
    rows = tx.execute(_FACTS, {"whose": partner, "accounts": accounts})
    goes: list[str] = []
    nothing: list[str] = []
    skipped: Counter[str] = Counter()
    for found in map(pair, rows):
        reason = _in_the_way(found, gate, house)
        if reason is None:
            goes.append(found.account)
            continue
        skipped[reason] += 1
        if reason in NOTHING_LEFT:
            nothing.append(found.account)
    return Judged(goes=goes, nothing=nothing, skipped=dict(sorted(skipped.items())))


def tell_again(tx: Connection, partner: str, found: Judged) -> int:
    """Carry out what was judged in this transaction; returns how many are pending again."""
    queue.drop(tx, partner, found.nothing)
    return queue.retell(tx, partner, found.goes) if found.goes else 0


def added(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    """Two counts by reason as one."""
    return dict(sorted((Counter(one) + Counter(other)).items()))


def _in_the_way(found: Pair, gate: Gate, house: House) -> str | None:
    judgement = judge(found, gate, house)
    match judgement:
        case Tell(record=record):
            return mapper_of(gate).unsayable(record)
        case Block(code=code):
            return code
        case Nothing():
            if found.event != Event.GRANTED:
                return NO_CONSENT
            return UP_TO_DATE if found.present else ABSENT


_WHOSE = pending.c.partner == bindparam("whose")
_FACTS = facts(pending, pending.c.partner, pending.c.account).where(
    _WHOSE, bulk.one_of(pending.c.account, "accounts"), pending.c.ref == ANNOUNCE
)


def _why(code: str | None) -> Iterable[str]:
    return TURNED_DOWN if code is None else (code,)


def _blocked(column: ColumnElement[Any]) -> ColumnElement[bool]:
    return column.in_(bindparam("why", expanding=True))


@cache
def _count() -> Select[Any]:
    rows = select(pending.c.partner).where(_WHOSE, _blocked(pending.c.blocked))
    rows = rows.where(pending.c.blocked.is_not(None))
    return select(func.count()).select_from(rows.limit(bindparam("most")).subquery())


@cache
def _some(*, dense: bool) -> Select[Any]:
    # Where there are many, the order of the accounts leads to the next ones sooner than the index
    # of causes, which would be sorted as a whole for each page; where there are few it is the other
    # way round. SQLite knows nothing of that, so the index that is not meant is ruled out.
    account: ColumnElement[str] = pending.c.account
    if dense:
        here = _blocked(func.coalesce(pending.c.blocked, ""))
    else:
        here = and_(_blocked(pending.c.blocked), pending.c.blocked.is_not(None))
        account = func.coalesce(account, "")
    return (
        select(pending.c.account)
        .where(_WHOSE, here, pending.c.ref == ANNOUNCE, account > bindparam("after"))
        .order_by(account)
        .limit(bindparam("most"))
    )
