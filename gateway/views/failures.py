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

from sqlalchemy import (
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    func,
    select,
)

from gateway.views import lanes as lane_view
from gateway.views import stuck
from gateway.views.count import MOST, Count
from outbox import gate as gates
from outbox import turned_down, withdrawals
from outbox.batch import UNANSWERED, State
from outbox.house import House
from outbox.pending import RANK_NEWS, TURNED_DOWN
from outbox.withdrawals import ANNOUNCE
from schemas import bulk
from schemas.codes import CODES, Code, Repairer
from schemas.database import once
from schemas.errors import BadRequest
from schemas.tables import Words, attempts, batches, lanes, pending

Kind = Literal["notices", "gate", "lane"]
LOOKED_AT: Final = 2_000
"""So many of one cause are looked at for the oldest of them."""

UNCONFIRMED: Final = "MRX-4016"
"""Of a lane whose receipts come, take the batch, and confirm none of its deletions."""

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
    [oldest] = tx.execute(_oldest(tx), {"pairs": [(partner, code)]})
    return _cause(partner, code, Count.of(counted), oldest.since)


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
    found = stuck.by_code(tx, only=partner)
    pairs = [(whose, code) for whose, codes in found.items() for code in codes]
    rows = tx.execute(_oldest(tx), {"pairs": pairs}) if pairs else ()
    oldest = {(row.partner, row.code): row.since for row in rows}
    for whose, code in pairs:
        yield _cause(whose, code, found[whose][code], oldest[whose, code])


def _cause(partner: str, code: str, counted: Count, since: datetime | None) -> Cause:
    return Cause(
        partner=partner,
        code=code,
        kind="notices",
        count=counted,
        since=since,
        about=counted.n > LOOKED_AT,
    )


def _of_gates(tx: Connection, house: House, partner: str | None, now: datetime) -> Iterable[Cause]:
    closed = gates.closed(tx, house, now=now)
    if partner is not None:
        closed = {whose: code for whose, code in closed.items() if whose == partner}
    if not closed:
        return
    waiting: dict[str, list[Row[Any]]] = {}
    for lane in tx.execute(_NEWS, {"partners": list(closed), "stop": MOST + 1}):
        waiting.setdefault(lane.partner, []).append(lane)
    for whose, code in closed.items():
        both = [lane for lane in waiting.get(whose, ()) if lane.n]
        if both:
            counted = Count.of(sum(lane.n for lane in both))
            since = min(lane.since for lane in both)
            yield Cause(partner=whose, code=code, kind="gate", count=counted, since=since)


def _of_lanes(tx: Connection, partner: str | None) -> Iterable[Cause]:
    for lane in tx.execute(_FAILING, {"stop": MOST + 1}).all():
        if partner not in (None, lane.partner):
            continue
        if lane.flying is None:
            yield from _unconfirmed(lane)
        elif lane.code is not None:
            yield Cause(
                partner=lane.partner,
                code=lane.code,
                kind="lane",
                count=Count.of(lane.announcements + lane.withdrawals),
                since=lane.first_sent_at,
                batch=lane.flying,
            )


def _unconfirmed(lane: Row[Any]) -> Iterable[Cause]:
    """Receipts came, and the withdrawals that they did not confirm wait for the next number."""
    if lane.n and lane.last is not None:
        whole = lane.last_state == State.REFUSED
        yield Cause(
            partner=lane.partner,
            code="MRX-2211" if whole else UNCONFIRMED,
            kind="lane",
            count=Count.of(lane.n),
            since=lane.since,
            batch=lane.last,
        )


def _order(cause: Cause) -> tuple[Any, ...]:
    by_itself = cause.repairer is None and cause.kind != "lane"
    since = cause.since.timestamp() if cause.since is not None else 0
    return (by_itself, since, cause.partner, cause.code)


@once
def _oldest(tx: Connection) -> Select[Any]:
    """Of each pair of partner and code, since when the first waits of those that are looked at."""
    pairs = bulk.given(tx, "pairs", {"partner": Words, "code": Words})
    some = (
        select(pending.c.since)
        .where(
            pending.c.partner == pairs.c.partner,
            pending.c.blocked == pairs.c.code,
            pending.c.blocked.is_not(None),
        )
        .limit(LOOKED_AT)
        .correlate(pairs)
        .subquery()
    )
    since = select(func.min(some.c.since)).scalar_subquery()
    return select(pairs.c.partner, pairs.c.code, since.label("since"))


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
# -- what waits in a lane, and what it cannot get answered -----------------------------------------

_NEWS = (
    select(
        lanes.c.partner,
        lane_view.how_many(RANK_NEWS).label("n"),
        lane_view.first(RANK_NEWS).label("since"),
    )
    .where(lanes.c.partner.in_(bindparam("partners", expanding=True)))
    .order_by(lanes.c.id)
)
_LAST_BATCH = (
    select(batches.c.id)
    .where(batches.c.lane_id == lanes.c.id)
    .order_by(batches.c.lane_id.desc(), batches.c.id.desc())
    .limit(1)
    .correlate(lanes)
    .scalar_subquery()
)
_LAST_CODE = (
    select(attempts.c.code)
    .where(attempts.c.batch_id == batches.c.id, attempts.c.code.is_not(None))
    .order_by(attempts.c.batch_id.desc(), attempts.c.n.desc())
    .limit(1)
    .correlate(batches)
    .scalar_subquery()
)
_last = batches.alias("last")
_FAILING = (
    select(
        lanes.c.partner,
        batches.c.id.label("flying"),
        batches.c.announcements,
        batches.c.withdrawals,
        batches.c.first_sent_at,
        _LAST_CODE.label("code"),
        lane_view.how_many(withdrawals.RANK).label("n"),
        lane_view.first(withdrawals.RANK).label("since"),
        _last.c.id.label("last"),
        _last.c.state.label("last_state"),
    )
    .outerjoin(batches, and_(batches.c.lane_id == lanes.c.id, UNANSWERED))
    .outerjoin(_last, _last.c.id == _LAST_BATCH)
    .where(lanes.c.failures > 0)
    .order_by(lanes.c.id)
)
