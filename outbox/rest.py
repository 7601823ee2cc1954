"""How long a lane is left alone: after an answer, after a failure, after a person's word.

look_at = now + retry's delay    something failed
look_at = long ago               the partner answered, or a person said that it is mended
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, case, select, text, update

from outbox import lane as lanes_
from outbox import retry
from outbox.lane import LONG_AGO
from schemas.batch import Lane
from schemas.tables import lanes


def succeeded(tx: Connection, lane_id: int, partner: str) -> None:
    """The partner answered: close the circuit, and let its other lane try at once."""
    tx.execute(_CLOSE_CIRCUIT, {"lane": lane_id, "most": lanes_.BATCH_MAX})
    tx.execute(_AT_ONCE, {"only": partner, "at": LONG_AGO})


# Halved by "too large", a batch grows again slowly.
_GROWN = lanes.c.batch_max + lanes.c.batch_max // 4 + 1
_MOST = bindparam("most", type_=lanes.c.batch_max.type)
_CLOSE_CIRCUIT = (
    update(lanes)
    .where(lanes.c.id == bindparam("lane"))
    .values(failures=0, trips=0, batch_max=case((_GROWN < _MOST, _GROWN), else_=_MOST))
)
_AT_ONCE = (
    update(lanes)
    .where(lanes.c.partner == bindparam("only"), lanes.c.look_at > bindparam("at"))
    .values(look_at=bindparam("at"))
)


def failed(
    tx: Connection,
    lane_id: int,
    *,
    now: datetime,
    dice: float,
    asked: timedelta | None = None,
    at_once: bool = False,
) -> None:
    """Count a failure and say when to look again. `at_once` opens the circuit at its longest step:
    what a person must repair is not mended by asking often.
    """
    row = tx.execute(select(lanes).where(lanes.c.id == lane_id)).one()
    failures = row.failures + 1
    trips = row.trips + 1 if failures > retry.FAILURES_TO_OPEN else row.trips
    if at_once:
        failures, trips = max(failures, retry.FAILURES_TO_OPEN), max(trips, retry.TRIPS_MAX)
    wait = retry.delay(Lane(row.kind), failures, trips, dice=dice, asked=asked)
    tx.execute(
        update(lanes)
        .where(lanes.c.id == lane_id)
        .values(failures=failures, trips=trips, look_at=now + wait)
    )


def hurry(tx: Connection, *, only: str | None = None) -> None:
    """Forget every waiting time, and end the leases of processes that are dead."""
    mine = lanes.c.partner == only if only is not None else text("1 = 1")
    tx.execute(update(lanes).where(mine, lanes.c.look_at > LONG_AGO).values(look_at=LONG_AGO))
    lanes_.bury(tx, only=only)


def put_right(tx: Connection, *, now: datetime, lease: timedelta) -> None:
    """Bring waits and leases that lie too far ahead back to the longest they can be.

    They do when the clock was ahead for a while; without this a lane would sleep until then.
    """
    for kind in Lane:
        latest = now + retry.longest(kind)
        mine = lanes.c.kind == kind.value
        tx.execute(update(lanes).where(mine, lanes.c.look_at > latest).values(look_at=latest))
    until = now + lease
    tx.execute(update(lanes).where(lanes.c.leased_until > until).values(leased_until=until))
