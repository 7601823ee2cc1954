"""A sudden change of a partner's roll waits for a person; what it names is not used meanwhile.

    batch --sudden--> waits: its refs stand in `inbound_named`, those of them on the roll are
                      marked quarantined
                        |
                     decided: the refs leave `inbound_named`, and are marked no longer unless
                      another batch that waits names them too

Sudden is more than the agreement's share of the roll *and* more than 50 members, measured against
the size at the day's beginning, so that many small batches cannot do what a large one may not.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    delete,
    func,
    literal,
    select,
    update,
)

from partners import foreign_feed
from schemas import bulk
from schemas.tables import Flag, foreign_members, inbound_named, is_set

MEMBERS_MIN = 50


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Place:
    """One issue of one batch of a partner, by where it stands in its lane."""

    partner: str
    kind: str
    epoch: str
    number: int
    issue: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a batch that waits would do to the roll as it is now."""

    come: int
    gone: int
    changed: int


def sudden(*, size: int, baseline: int, percent: int, come: int, gone: int) -> bool:
    """Whether so many that come and go change the roll more than a day should.

    While the baseline is 0 (the first load) growth is not measured.

    >>> sudden(size=1000, baseline=1000, percent=20, come=0, gone=201)
    True
    >>> sudden(size=850, baseline=1000, percent=20, come=0, gone=51)
    True
    >>> sudden(size=0, baseline=0, percent=20, come=10_000, gone=0)
    False
    """
    grown = size + come - baseline if come and baseline else 0
    base = baseline or size
    shrunk = base - (size - gone) if gone else 0
    return any(by > MEMBERS_MIN and by * 100 > base * percent for by in (grown, shrunk))


def lines(*, size: int, baseline: int, percent: int) -> tuple[int | None, int | None]:
    """The sizes of a roll that are still no sudden change, the smallest and the largest; None
    where nothing is measured.

    >>> lines(size=990, baseline=1000, percent=20)
    (800, 1200)
    >>> lines(size=0, baseline=0, percent=20)
    (None, None)
    >>> lines(size=60, baseline=60, percent=20)
    (10, 110)
    """
    base = baseline or size
    if not base:
        return None, None
    by = max(MEMBERS_MIN, base * percent // 100)
    return max(0, base - by), baseline + by if baseline else None


def hold(tx: Connection, place: Place, announced: Iterable[str], withdrawn: Iterable[str]) -> None:
    """A batch waits from now on: what it names of the roll must not be used."""
    at = (place.partner, place.kind, place.epoch, place.number, place.issue)
    bulk.add(
        tx,
        inbound_named,
        [*[(*at, ref, 0) for ref in announced], *[(*at, ref, 1) for ref in withdrawn]],
    )
    _mark(tx, place, quarantined=True)


def release(tx: Connection, place: Place) -> None:
    """A batch waits no longer: what no other one names may be used again."""
    _mark(tx, place, quarantined=False)
    tx.execute(delete(inbound_named).where(_of(place)))


def named(tx: Connection, partner: str, refs: Collection[str]) -> frozenset[str]:
    """Which of these refs a batch names that waits."""
    if not refs:
        return frozenset()
    found = bulk.find(tx, inbound_named, ("ref",), {"partner": partner}, "ref", refs)
    return frozenset([row.ref for row in found])


def plan(tx: Connection, place: Place) -> Plan:
    """What would come of letting a batch in that waits; older versions count as changes, too."""
    n, m = inbound_named.c, foreign_members.c
    on_roll = inbound_named.outerjoin(
        foreign_members, and_(m.programme == n.partner, m.ref == n.ref)
    )
    unknown, live = m.ref.is_(None), m.ref.is_not(None) & m.gone_at.is_(None)

    def count(condition: ColumnElement[bool]) -> int:
        query = select(func.count()).select_from(on_roll).where(_of(place), condition)
        return tx.scalar(query) or 0

    return Plan(
        come=count(~is_set(n.withdrawn) & unknown),
        gone=count(is_set(n.withdrawn) & live),
        changed=count(~is_set(n.withdrawn) & live),
    )


def _mark(tx: Connection, place: Place, *, quarantined: bool) -> None:
    n, m = inbound_named.c, foreign_members.c
    mine = select(n.ref).where(_of(place))
    where = [
        m.programme == place.partner,
        m.gone_at.is_(None),
        m.quarantined != literal(quarantined, Flag()),
        m.ref.in_(mine),
    ]
    if not quarantined:
        others = select(n.ref).where(n.partner == place.partner, ~_of(place))
        where.append(m.ref.not_in(others))
    refs = tx.scalars(select(m.ref).where(*where)).all()
    tx.execute(update(foreign_members).where(*where).values(quarantined=quarantined))
    foreign_feed.move(tx, place.partner, refs)


def _of(place: Place) -> ColumnElement[bool]:
    n = inbound_named.c
    return and_(
        n.partner == place.partner,
        n.kind == place.kind,
        n.epoch == place.epoch,
        n.number == place.number,
        n.issue == place.issue,
    )
