"""How large a partner's roll was, day by day, and what a batch had to stay between.

No table keeps it: each of our receipts says how many members we held after that batch. Numbers of
a lane follow each other in time, so the last one of each day is found by halving, all days at once;
thirty days are some dozen questions and thirty receipts, however many batches came.

    lane --halving--> the last number of each day --applied?--> its receipt --> members held
    ledger: "quarantine decided" ------------------------------^

A day without any ends as it began; what was before the first one is not known. The lines are drawn
from the size at a day's beginning, by the share that is agreed now: the rule itself stands in
`partners.quarantine`. A batch that waited, and that a newer issue replaced, is not counted.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any, Final

import orjson
from sqlalchemy import Connection, and_, bindparam, func, or_, select

from gateway import inbound_batches as kept
from gateway.inbound_batches import State
from outbox.house import House
from partners import agreements, quarantine
from partners.quarantine import Place
from schemas import exchange
from schemas.narrowing import filtered
from schemas.tables import inbound_batches, inbound_lanes
from schemas.tables import ledger as entries
from signing.open import content_of

DAYS: Final = 30
_NEAR: Final = 5  # of a day's last numbers: the last may have had to wait
_DECIDED_MAX: Final = 1_000
_b = inbound_batches.c
_LANES = select(inbound_lanes.c.kind, inbound_lanes.c.epoch, inbound_lanes.c.number).where(
    inbound_lanes.c.partner == bindparam("partner")
)
_OF_LANE = and_(
    _b.partner == bindparam("partner"),
    _b.kind == bindparam("kind"),
    _b.epoch == bindparam("epoch"),
    _b.number.in_(bindparam("numbers", expanding=True)),
)
_CAME = select(_b.number, func.min(_b.received_at).label("at")).where(_OF_LANE).group_by(_b.number)
_APPLIED = select(*kept.KEY, _b.received_at).where(
    _OF_LANE, _b.state == State.APPLIED.value, _b.decided_at.is_(None)
)
_DECIDED = (
    select(entries.c.at, entries.c.entry)
    .where(
        entries.c.kind == "quarantine decided",
        filtered(entries.c.partner) == bindparam("partner"),
    )
    .order_by(entries.c.position.desc())
    .limit(_DECIDED_MAX)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day, UTC. `size` is how many members it ended with, None before the first that is known;
    a batch had to wait that would have left fewer than `lower` or more than `upper`, None where
    nothing was measured. `held_back` batches came and waited for a person.
    """

    day: date
    size: int | None
    lower: int | None
    upper: int | None
    held_back: int


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Thirty days of one partner's roll, the oldest first; the last one is today."""

    partner: str
    percent: int
    days: tuple[Day, ...]

    @property
    def known(self) -> tuple[Day, ...]:
        """The days from the first size that is known."""
        return tuple(one for one in self.days if one.size is not None)

    @property
    def held_back(self) -> int:
        return sum(one.held_back for one in self.days)

    @property
    def sentence(self) -> str:
        """What the picture shows."""
        known = self.known
        if not known:
            return f"No batch of theirs was applied within {DAYS} days."
        waited = {0: "no batch waited", 1: "one batch waited"}.get(
            self.held_back, f"{self.held_back} batches waited"
        )
        sizes = [one.size for one in known if one.size is not None]
        went = f"went from {sizes[0]:,} to {sizes[-1]:,} members"
        if len(set(sizes)) == 1:
            went = f"stayed at {sizes[0]:,} members"
        return f"Their roll {went} since {known[0].day}; {waited} for a person."


def history(tx: Connection, _house: House, partner: str, *, now: datetime) -> History:
    """The thirty days until now. Raises `BadRequest` MRX-5001."""
    percent = agreements.get(tx, partner).quarantine_percent
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    begins = today - timedelta(days=DAYS - 1)
    decided = _decided(tx, partner, begins)
    sizes = _sizes(tx, [*_last_of_each_day(tx, partner, begins), *decided])
    held_back = _held_back(tx, partner, [place for _, place in decided])
    days: list[Day] = []
    size: int | None = None
    for n in range(DAYS):
        day = (begins + timedelta(days=n)).date()
        lower, upper = (None, None) if size is None else _lines(size, percent)
        size = sizes.get(day, size)
        days.append(Day(day=day, size=size, lower=lower, upper=upper, held_back=held_back[day]))
    return History(partner=partner, percent=percent, days=tuple(days))


def _lines(size: int, percent: int) -> tuple[int | None, int | None]:
    return quarantine.lines(size=size, baseline=size, percent=percent)


def _last_of_each_day(
    tx: Connection, partner: str, begins: datetime
) -> Iterable[tuple[datetime, Place]]:
    """The last batch of each day and lane that was applied when it came."""
    for lane in tx.execute(_LANES, {"partner": partner}).all():
        which = {"partner": partner, "kind": lane.kind, "epoch": lane.epoch}
        bounds = [begins + timedelta(days=n) for n in range(DAYS + 1)]
        ends = _ends(tx, which, bounds, lane.number)
        near = {
            number
            for before, last in pairwise(ends)
            for number in range(max(before, last - _NEAR) + 1, last + 1)
        }
        latest: dict[date, Any] = {}
        if near:
            found = tx.execute(_APPLIED.order_by(_b.number), which | {"numbers": sorted(near)})
            latest = {row.received_at.date(): row for row in found}
        yield from ((row.received_at, kept.place(row)) for row in latest.values())


def _ends(
    tx: Connection, which: dict[str, str], bounds: Sequence[datetime], newest: int
) -> list[int]:
    """For each moment the last number of a lane that had come before it; 0 for none. A number that
    is kept no more came before all of them.
    """
    low, high = [0] * len(bounds), [newest] * len(bounds)
    while any(a < b for a, b in zip(low, high, strict=True)):
        middle = [(a + b + 1) // 2 for a, b in zip(low, high, strict=True)]
        asked = which | {"numbers": sorted(set(middle))}
        came = {row.number: row.at for row in tx.execute(_CAME, asked)}
        for n, bound in enumerate(bounds):
            if low[n] == high[n]:
                continue
            at = came.get(middle[n])
            if at is None or at < bound:
                low[n] = middle[n]
            else:
                high[n] = middle[n] - 1
    return low


def _decided(tx: Connection, partner: str, begins: datetime) -> list[tuple[datetime, Place]]:
    """What persons decided of batches that waited, the oldest first."""
    found = []
    for row in tx.execute(_DECIDED, {"partner": partner}):
        told = orjson.loads(row.entry)
        place = Place(
            partner=partner,
            kind=told["lane"],
            epoch=told["epoch"],
            number=told["batch"],
            issue=told["issue"],
        )
        found.append((row.at, place))
    return [one for one in reversed(found) if one[0] >= begins]


def _held_back(tx: Connection, partner: str, decided: list[Place]) -> Counter[date]:
    """How many batches came on each day that wait for a person, or waited until one decided."""
    waiting = kept.every(tx, state=State.QUARANTINED, partner=partner, at_most=_DECIDED_MAX)
    days = [one.received_at.date() for one in waiting]
    if decided:
        query = select(_b.received_at).where(or_(*map(kept.where, decided)))
        days += [at.date() for at in tx.scalars(query)]
    return Counter(days)


def _sizes(tx: Connection, told: list[tuple[datetime, Place]]) -> dict[date, int]:
    """How many members we held at each day's end, as our last receipt of the day says."""
    last: dict[date, tuple[datetime, Place]] = {}
    for at, place in sorted(told):
        last[at.date()] = (at, place)
    if not last:
        return {}
    query = select(*kept.KEY, _b.receipt).where(
        or_(*(kept.where(place) for _, place in last.values()))
    )
    rows: Iterable[Any] = tx.execute(query)
    # Our own receipts, which were in our keeping: nothing is verified again.
    held = {kept.place(row): exchange.read_receipt(content_of(row.receipt)).held for row in rows}
    found = {day: held.get(place) for day, (_, place) in last.items()}
    return {day: size for day, size in found.items() if size is not None}
