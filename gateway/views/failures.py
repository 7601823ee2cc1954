"""What needs a person, by its cause: what is so, since when, how many, what to do, and who can.

    notices   rows that carry a code: cannot be said, may not be said, or the partner refused it
    gate      nothing may be announced to a partner at all, and some wait behind that
    lane      a batch that is tried and not answered, or was answered and no deletion confirmed

Those that got through later are not here: their rows are gone. Only what a partner turned down is
replayed; whatever else stands in the way goes by its own repair, and the notices then go by
themselves.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import Connection, bindparam, func, select

from gateway.views import stuck
from gateway.views.count import MOST, Count
from outbox import batch as batches
from outbox import gate as gates
from outbox import turned_down, withdrawals
from outbox.house import House
from outbox.pending import RANK_NEWS, TURNED_DOWN
from outbox.withdrawals import ANNOUNCE
from schemas.codes import CODES, Code, Repairer
from schemas.errors import BadRequest
from schemas.tables import attempts, lanes, pending
from schemas.tables import batches as all_batches

Kind = Literal["notices", "gate", "lane"]
LOOKED_AT: Final = 2_000
"""So many of one cause are looked at for the oldest of them."""

_BY_THEMSELVES: Final = frozenset({"MRX-6001", "MRX-6002", "MRX-6005", "MRX-6006"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One cause at one partner. `since` is when the oldest of them waited first; with `about`, of
    those that were looked at. `batch` is the one that a lane cannot get answered, or the last one
    whose receipt did not confirm its withdrawals.
    """

    partner: str
    code: str
    kind: Kind
    count: Count
    since: datetime | None
    about: bool = False
    batch: int | None = None

    @property
    def meaning(self) -> Code:
        return CODES[self.code]

    @property
    def replayable(self) -> bool:
        """Whether telling again is a repair: the partner, or its format's size, turned it down."""
        return self.kind == "notices" and self.code in TURNED_DOWN

    @property
    def repairer(self) -> Repairer | None:
        """Who can repair it; None: nobody has to."""
        if self.kind == "lane" and self.code not in _BY_THEMSELVES:
            return "operator"
        return self.meaning.repairer


@dataclass(frozen=True, slots=True, kw_only=True)
class Stuck:
    """One notice of a cause."""

    account: str
    lane: str
    since: datetime
    code: str
    partner_code: str | None


def causes(
    tx: Connection, house: House, *, now: datetime, partner: str | None = None
) -> list[Cause]:
    """Every cause: first what somebody has to repair, the oldest first."""
    found = [
        *_of_notices(tx, partner),
        *_of_gates(tx, house, partner, now),
        *_of_lanes(tx, partner),
    ]
    return sorted(found, key=_order)


def one(tx: Connection, partner: str, code: str) -> Cause:
    """The notices that one code keeps from one partner; there may be none any more."""
    if code not in CODES:
        raise BadRequest("MRX-5018")
    counted = turned_down.count(tx, partner, code, at_most=MOST + 1)
    return _cause(tx, partner, code, Count.of(counted))


def notices(tx: Connection, cause: Cause, *, after: str | None = None, limit: int) -> list[Stuck]:
    """The notices of a cause by account, those after one account."""
    dense = cause.count.n >= turned_down.DENSE
    accounts = turned_down.some(
        tx, cause.partner, cause.code, after=after, limit=limit, dense=dense
    )
    which = {"whose": cause.partner, "accounts": accounts or [""]}
    return [
        Stuck(
            account=row.account,
            lane=row.kind,
            since=row.since,
            code=row.blocked,
            partner_code=row.partner_code,
        )
        for row in tx.execute(_NOTICES, which)
    ]


def _of_notices(tx: Connection, partner: str | None) -> Iterable[Cause]:
    for whose, codes in stuck.by_code(tx, only=partner).items():
        for code, counted in codes.items():
            yield _cause(tx, whose, code, counted)


def _cause(tx: Connection, partner: str, code: str, counted: Count) -> Cause:
    since = tx.execute(_OLDEST, {"whose": partner, "why": code}).scalar_one()
    return Cause(
        partner=partner,
        code=code,
        kind="notices",
        count=counted,
        since=since,
        about=counted.n > LOOKED_AT,
    )


def _of_gates(tx: Connection, house: House, partner: str | None, now: datetime) -> Iterable[Cause]:
    for whose, code in gates.closed(tx, house, now=now).items():
        if partner not in (None, whose):
            continue
        lanes_of = tx.scalars(_LANES_OF, {"whose": whose}).all()
        found = [_waiting(tx, lane, RANK_NEWS) for lane in lanes_of]
        waiting = Count.of(sum(n for n, _ in found))
        if waiting:
            since = min(at for _, at in found if at is not None)
            yield Cause(partner=whose, code=code, kind="gate", count=waiting, since=since)


def _waiting(tx: Connection, lane: int, rank: int) -> tuple[int, datetime | None]:
    """How many of this rank wait in no batch, and since when the first of them does."""
    which = {"lane": lane, "rank": rank}
    return tx.execute(_WAITING, which).scalar_one(), tx.scalar(_WAITING_SINCE, which)


def _of_lanes(tx: Connection, partner: str | None) -> Iterable[Cause]:
    for lane in tx.execute(_FAILING).all():
        if partner not in (None, lane.partner):
            continue
        flying = batches.unanswered(tx, lane.id)
        if flying is None:
            yield from _unconfirmed(tx, lane.id, lane.partner)
            continue
        code = tx.scalar(_LAST_CODE, {"batch": flying.id})
        if code is not None:
            yield Cause(
                partner=flying.partner,
                code=code,
                kind="lane",
                count=Count.of(flying.announcements + flying.withdrawals),
                since=flying.first_sent_at,
                batch=flying.id,
            )


def _unconfirmed(tx: Connection, lane: int, partner: str) -> Iterable[Cause]:
    """Receipts came, and the withdrawals that they did not confirm wait for the next number."""
    counted, since = _waiting(tx, lane, withdrawals.RANK)
    last = tx.execute(_LAST_BATCH, {"lane": lane}).first()
    if counted and last is not None:
        whole = last.state == batches.State.REFUSED
        yield Cause(
            partner=partner,
            code="MRX-2211" if whole else "MRX-2210",
            kind="lane",
            count=Count.of(counted),
            since=since,
            batch=last.id,
        )


def _order(cause: Cause) -> tuple[Any, ...]:
    by_itself = cause.repairer is None and cause.kind != "lane"
    since = cause.since.timestamp() if cause.since is not None else 0
    return (by_itself, since, cause.partner, cause.code)


_LOOKED_AT = (
    select(pending.c.since)
    .where(
        pending.c.partner == bindparam("whose"),
        pending.c.blocked == bindparam("why"),
        pending.c.blocked.is_not(None),
    )
    .limit(LOOKED_AT)
    .subquery()
)
_OLDEST = select(func.min(_LOOKED_AT.c.since))
_NOTICES = (
    select(pending, lanes.c.kind)
    .join(lanes, lanes.c.id == pending.c.lane_id)
    .where(
        pending.c.partner == bindparam("whose"),
        pending.c.account.in_(bindparam("accounts", expanding=True)),
        pending.c.ref == ANNOUNCE,
    )
    .order_by(pending.c.account)
)
_LANES_OF = select(lanes.c.id).where(lanes.c.partner == bindparam("whose")).order_by(lanes.c.id)
_WAITS = (
    (pending.c.lane_id == bindparam("lane"))
    & (pending.c.rank == bindparam("rank"))
    & pending.c.batch_id.is_(None)
    & pending.c.blocked.is_(None)
)
_WAITING = select(func.count()).select_from(
    select(pending.c.rank).where(_WAITS).limit(MOST + 1).subquery()
)
_WAITING_SINCE = select(pending.c.since).where(_WAITS).order_by(pending.c.since).limit(1)
_FAILING = select(lanes.c.id, lanes.c.partner).where(lanes.c.failures > 0).order_by(lanes.c.id)
_LAST_BATCH = (
    select(all_batches.c.id, all_batches.c.state)
    .where(all_batches.c.lane_id == bindparam("lane"))
    .order_by(all_batches.c.lane_id.desc(), all_batches.c.id.desc())
    .limit(1)
)
_LAST_CODE = (
    select(attempts.c.code)
    .where(attempts.c.batch_id == bindparam("batch"), attempts.c.code.is_not(None))
    .order_by(attempts.c.n.desc())
    .limit(1)
)
