"""A row a partner: both lanes, what waits, what is stuck and why, what is held, thirty days.

Every notice stands in one place, as in `outbox.notices`:

    pending    waits, or is in a batch: `announcements`, `withdrawals`, `in_flight`
    blocked    its own code, or the gate's while that is closed: then what waits is blocked, too
    refused    the partner's own word
    held       told and confirmed, and not being withdrawn

`held` is not counted among a million disclosures. `holdings` keeps, in 256 buckets and in the
transaction of every receipt, how many lives the partner holds (`outbox.holdings.HELD`: confirmed,
and not gone); those that it was asked to delete are among them until it confirms. Taken off, what
is left are the lives that are confirmed and not being withdrawn, which is what `notices` calls held.
Open withdrawals are looked at up to a bound, over all partners; past it `held` may be too much, and
`held_at_most` says of whom.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BindParameter, Connection, Integer, bindparam, func, select

from gateway.views import count, days, lanes, replays, stuck
from gateway.views.count import NONE, Count, total
from gateway.views.days import Day
from gateway.views.lanes import Lane
from gateway.views.stuck import Causes
from outbox import gate, restored
from outbox.house import House
from outbox.notices import REFUSED_CODES
from outbox.pending import TURNED_DOWN
from partners import agreements
from partners.agreements import Registered
from partners.holdings import Side
from schemas.programme import PROGRAMMES
from schemas.tables import disclosures, holdings

COUNTRIES: Final[Mapping[str, str]] = {
    "CA": "Canada",
    "IL": "Israel",
    "KR": "Korea",
    "MX": "Mexico",
    "TW": "Taiwan",
    "US": "United States",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One partner. `closed` is the code of why nothing may be announced now, or None; `causes` are
    the codes of what is blocked or refused, the gate's among them.
    """

    partner: str
    country: str
    programme: str
    pushed: bool
    closed: str | None
    urgent: Lane
    routine: Lane
    causes: Causes
    held: int
    held_at_most: bool
    days: tuple[Day, ...]

    @property
    def lanes(self) -> tuple[Lane, Lane]:
        return self.urgent, self.routine

    @property
    def state(self) -> str:
        """One word for both lanes: what a person looks at first."""
        if any(lane.state == "failing" for lane in self.lanes):
            return "failing"
        if self.routine.state == "paused":
            return "paused"
        return "open" if self.closed is None else "closed"

    @property
    def announcements(self) -> Count:
        """What waits to be announced and may be; behind a closed gate it is blocked."""
        return NONE if self.closed else total(lane.announcements for lane in self.lanes)

    @property
    def withdrawals(self) -> Count:
        """All that are not confirmed: those that wait, and those in a batch."""
        asked = Count(sum(lane.withdrawals_in_batch for lane in self.lanes))
        return total(lane.withdrawals for lane in self.lanes) + asked

    @property
    def in_flight(self) -> Count:
        """What is in a batch that is not answered, or not applied yet."""
        return total(lane.in_batch for lane in self.lanes)

    @property
    def pending(self) -> Count:
        waiting = total(lane.withdrawals for lane in self.lanes)
        return self.announcements + waiting + self.in_flight

    @property
    def blocked(self) -> Count:
        return total(n for code, n in self.causes.items() if code not in REFUSED_CODES)

    @property
    def refused(self) -> Count:
        return total(n for code, n in self.causes.items() if code in REFUSED_CODES)

    @property
    def turned_down(self) -> Count:
        """What may be told again: the partner, or its format's size, turned it down."""
        return total(n for code, n in self.causes.items() if code in TURNED_DOWN)

    @property
    def for_replay(self) -> bool:
        """Whether that is too wide for who resumes the lane, and stays for a replay."""
        return replays.wide({code: n.n for code, n in self.causes.items() if code in TURNED_DOWN})

    @property
    def unknown(self) -> int:
        """Batches in flight of which nobody knows whether they arrived."""
        return sum(
            lane.flying is not None and lane.flying.state == "unknown" for lane in self.lanes
        )

    @property
    def oldest(self) -> datetime | None:
        """The first change that the partner has not confirmed and could have."""
        each = (self.oldest_of(lane) for lane in self.lanes)
        return min((moment for moment in each if moment is not None), default=None)

    def oldest_of(self, lane: Lane) -> datetime | None:
        """The same of one of the lanes: without what the gate holds back while it is closed."""
        return lane.oldest if self.closed is None else lane.oldest_past_gate

    @property
    def last_success(self) -> datetime | None:
        """When a batch was settled last."""
        settled = (lane.last_success for lane in self.lanes if lane.last_success is not None)
        return max(settled, default=None)


def every(tx: Connection, house: House, *, now: datetime) -> tuple[Row, ...]:
    """A row of every partner, by code."""
    return _rows(tx, house, agreements.every(tx), now=now)


def of(tx: Connection, house: House, partner: str, *, now: datetime) -> Row:
    """The row of one partner, or `BadRequest` MRX-5001."""
    (found,) = _rows(tx, house, [agreements.get(tx, partner)], now=now, only=partner)
    return found


def _rows(
    tx: Connection,
    house: House,
    registered: list[Registered],
    *,
    now: datetime,
    only: str | None = None,
) -> tuple[Row, ...]:
    both = lanes.every(tx, now=now, only=only)
    strips = days.strips(tx, now=now, only=only)
    causes = stuck.by_code(tx, only=only)
    held = _held(tx, only)
    shut = gate.closed(tx, house, now=now) | _restored(tx)
    made = []
    for one in registered:
        partner = one.agreement.partner
        urgent, routine = both[partner]
        closed = shut.get(partner)
        taken_off = held.leaving.get(partner, 0)
        unconfirmed = sum(lane.withdrawals.n + lane.withdrawals_in_batch for lane in both[partner])
        known = PROGRAMMES.get(partner)
        country = partner[:2].upper() if known is None else known.country
        made.append(
            Row(
                partner=partner,
                country=COUNTRIES.get(country, country),
                programme=partner if known is None else known.name,
                pushed=one.push_url is not None,
                closed=closed,
                urgent=urgent,
                routine=routine,
                causes=_with_gate(causes.get(partner, {}), closed, urgent, routine),
                held=held.sums.get(partner, 0) - taken_off,
                held_at_most=held.more and unconfirmed > taken_off,
                days=strips[partner],
            )
        )
    return tuple(made)


def _restored(tx: Connection) -> dict[str, str]:
    """Partners to whom nothing leaves since a restore, not even a withdrawal."""
    standing = restored.standing(tx)
    return {} if standing is None else dict.fromkeys(standing.shut, restored.SHUT)


def _with_gate(causes: Causes, closed: str | None, *both: Lane) -> Causes:
    """Behind a closed gate all that waits to be announced is blocked by it."""
    behind = total(lane.announcements for lane in both)
    if closed is None or not behind:
        return causes
    return {**causes, closed: causes.get(closed, NONE) + behind}


@dataclass(frozen=True, slots=True)
class _Held:
    """By partner: the lives it holds, and how many of them are seen to be leaving. `more` may be."""

    sums: dict[str, int]
    leaving: dict[str, int]
    more: bool


def _held(tx: Connection, only: str | None) -> _Held:
    which = {} if only is None else {"only": only}
    sums = tx.execute(_SUMS if only is None else _SUMS.where(_h.programme == _ONLY), which)
    leaving = {row.partner: row.n for row in tx.execute(_LEAVING, {"stop": count.MOST})}
    more = sum(leaving.values()) >= count.MOST
    return _Held({partner: int(size) for partner, size in sums}, leaving, more)


_h, _d = holdings.c, disclosures.c
_ONLY: BindParameter[str] = bindparam("only")
_SUMS = select(_h.programme, func.sum(_h.size)).where(_h.side == Side.OURS).group_by(_h.programme)
# By the index of what is being withdrawn: as many rows as there are open withdrawals, up to a bound.
_SOME: Any = (
    select(_d.partner)
    .where(_d.withdraw_since.is_not(None), _d.gone_at.is_(None), _d.held_version.is_not(None))
    .order_by(_d.withdraw_since)
    .limit(bindparam("stop", type_=Integer))
    .subquery()
)
_LEAVING = select(_SOME.c.partner, func.count().label("n")).group_by(_SOME.c.partner)
