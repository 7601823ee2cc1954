"""A lane: one of the two ordered streams to a partner. It is leased whole; rows never are.

    free --take--> leased --give back--> free
                     '-- the holder dies: the lease runs out, the next taking raises the fence

The lease is for speed, the fence for safety: every write of a delivery is guarded by the fence it
was begun under, so a frozen, doubled or resurrected worker changes nothing.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    exists,
    insert,
    or_,
    select,
    text,
    update,
)

from outbox import ledger, retry, worker_name
from outbox.batch import UNANSWERED
from schemas.batch import Lane
from schemas.tables import agreements, batches, lanes, pending

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
BATCH_MAX = 5_000
RANKS = {Lane.URGENT: 0, Lane.ROUTINE: 5}
# Looked at again after this when something waits but nothing may leave (a closed gate). The urgent
# lane looks sooner: a withdrawal may come at any moment and does not wait for the gate.
RECHECK = {Lane.URGENT: timedelta(seconds=1), Lane.ROUTINE: timedelta(seconds=15)}


@dataclass(frozen=True, slots=True)
class Taken:
    """A lane that is ours until its lease runs out."""

    id: int
    partner: str
    kind: Lane
    fence: int


def lay(tx: Connection, partner: str) -> None:
    """Make a partner's two lanes, once. Each life of a lane has its own random epoch."""
    if tx.scalar(select(lanes.c.id).where(lanes.c.partner == partner)) is not None:
        return
    for kind in (Lane.ROUTINE, Lane.URGENT):
        tx.execute(
            insert(lanes).values(
                partner=partner,
                kind=kind.value,
                rank=RANKS[kind],
                epoch=secrets.token_hex(8),
                next_number=1,
                look_at=LONG_AGO,
                leased_until=LONG_AGO,
                fence=0,
                served_at=LONG_AGO,
                failures=0,
                trips=0,
                paused=False,
                batch_max=BATCH_MAX,
            )
        )


def ids(tx: Connection, kind: Lane) -> dict[str, int]:
    """The lane of this kind, by partner."""
    query = select(lanes.c.partner, lanes.c.id).where(lanes.c.kind == kind.value)
    return {row.partner: row.id for row in tx.execute(query)}


def of_partner(tx: Connection, partner: str) -> list[int]:
    """The ids of a partner's two lanes."""
    return list(tx.scalars(select(lanes.c.id).where(lanes.c.partner == partner)))


def lock(tx: Connection, partner: str) -> None:
    """Lock a partner's two lanes until the transaction ends, in the order of their ids."""
    mine = lanes.c.partner == partner
    tx.execute(select(lanes.c.id).where(mine).order_by(lanes.c.id).with_for_update())


def work() -> ColumnElement[bool]:
    """Whether a lane has a batch in flight or a row that could be told."""
    flying = exists().where(batches.c.lane_id == lanes.c.id, UNANSWERED)
    # The first of them in the order of their index. Asked whether any exists, PostgreSQL guesses
    # that a lane has many, and reads a table full of others' rows from end to end to find none.
    first = (
        select(pending.c.rank)
        .where(
            pending.c.lane_id == lanes.c.id,
            pending.c.batch_id.is_(None),
            pending.c.blocked.is_(None),
        )
        .order_by(pending.c.rank, pending.c.since)
        .limit(1)
    )
    return or_(flying, first.scalar_subquery().is_not(None))


def reachable() -> ColumnElement[bool]:
    """Whether the lane's partner is one we push to."""
    return exists().where(
        agreements.c.partner == lanes.c.partner, agreements.c.push_url.is_not(None)
    )


def due(
    tx: Connection,
    *,
    now: datetime,
    rank_max: int = 99,
    only: str | None = None,
    kind: Lane | None = None,
) -> tuple[str, Lane] | None:
    """Which lane `take` would find. Reads only, so that an idle gateway writes nothing."""
    found = tx.execute(_due(now, rank_max=rank_max, only=only, kind=kind)).one_or_none()
    return None if found is None else (found.partner, Lane(found.kind))


def take(
    tx: Connection,
    *,
    worker: str,
    now: datetime,
    lease: timedelta,
    rank_max: int = 99,
    only: str | None = None,
    kind: Lane | None = None,
) -> Taken | None:
    """Lease the most urgent, longest unserved lane that has work; None if there is none. A
    transaction for one partner names it with `only`.

    An expired lease is taken over here and nowhere else: recovery is the ordinary path.
    """
    one = _due(now, rank_max=rank_max, only=only, kind=kind).with_only_columns(lanes.c.id)
    row = tx.execute(
        update(lanes)
        .where(lanes.c.id == one.scalar_subquery(), lanes.c.leased_until < now)
        .values(
            leased_by=worker,
            leased_until=now + lease,
            fence=lanes.c.fence + 1,
            served_at=now,
        )
        .returning(lanes.c.id, lanes.c.partner, lanes.c.kind, lanes.c.fence)
    ).one_or_none()
    return None if row is None else Taken(row.id, row.partner, Lane(row.kind), row.fence)


def take_one(
    tx: Connection, partner: str, kind: Lane, *, worker: str, now: datetime, lease: timedelta
) -> Taken | None:
    """Lease one lane of a partner for whoever comes to fetch; None while somebody else works it.

    Waiting times are for those who send; the partner who stands at the door is served. It may have
    no address of its own.
    """
    row = tx.execute(
        update(lanes)
        .where(lanes.c.partner == partner, lanes.c.kind == kind.value, lanes.c.leased_until < now)
        .values(leased_by=worker, leased_until=now + lease, fence=lanes.c.fence + 1, served_at=now)
        .returning(lanes.c.id, lanes.c.fence)
    ).one_or_none()
    return None if row is None else Taken(row.id, partner, kind, row.fence)


def ready(now: datetime) -> ColumnElement[bool]:
    """Whether a lane may be taken now, and would be worth it."""
    return and_(
        lanes.c.look_at <= now,
        lanes.c.leased_until < now,
        text("lanes.paused = 0"),
        reachable(),
        work(),
    )


def _due(now: datetime, *, rank_max: int, only: str | None, kind: Lane | None) -> Any:
    query = select(lanes.c.id, lanes.c.partner, lanes.c.kind).where(
        ready(now), lanes.c.rank <= rank_max
    )
    if only is not None:
        query = query.where(lanes.c.partner == only)
    if kind is not None:
        query = query.where(lanes.c.kind == kind.value)
    return query.order_by(lanes.c.rank, lanes.c.served_at, lanes.c.id).limit(1)


def give_back(tx: Connection, taken: Taken, *, look_at: datetime | None = None) -> None:
    """End our lease. `look_at` puts the lane to rest until then."""
    rest = {} if look_at is None else {"look_at": look_at}
    tx.execute(
        update(lanes)
        .where(lanes.c.id == taken.id, lanes.c.fence == taken.fence)
        .values(leased_by=None, leased_until=LONG_AGO, **rest)
    )


def succeeded(tx: Connection, lane_id: int, partner: str) -> None:
    """The partner answered: close the circuit, and let its other lane try at once."""
    size: int = tx.scalar(select(lanes.c.batch_max).where(lanes.c.id == lane_id)) or 1
    tx.execute(
        update(lanes)
        .where(lanes.c.id == lane_id)
        # Halved by "too large", it grows again slowly.
        .values(failures=0, trips=0, batch_max=min(BATCH_MAX, size + size // 4 + 1))
    )
    tx.execute(update(lanes).where(lanes.c.partner == partner).values(look_at=LONG_AGO))


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
    bury(tx, only=only)


def bury(tx: Connection, *, only: str | None = None) -> None:
    """End the leases of processes that are dead; a lease of a living one is left alone."""
    mine = lanes.c.partner == only if only is not None else text("1 = 1")
    held = tx.execute(select(lanes).where(mine, lanes.c.leased_by.is_not(None))).all()
    for row in held:
        if worker_name.dead(row.leased_by.partition("/")[0]):
            tx.execute(
                update(lanes)
                .where(lanes.c.id == row.id, lanes.c.fence == row.fence)
                .values(leased_by=None, leased_until=LONG_AGO)
            )


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


def pause(tx: Connection, partner: str, *, by: str, reason: str, now: datetime) -> None:
    """Hold back announcements. Withdrawals and bad news still leave (P3, P9); nothing is lost."""
    tx.execute(
        update(lanes)
        .where(lanes.c.partner == partner, lanes.c.kind == Lane.ROUTINE.value)
        .values(paused=True, paused_by=by, pause_reason=reason, paused_at=now)
    )
    ledger.add(tx, "paused", {"by": by, "reason": reason}, now=now, partner=partner)


def resume(tx: Connection, partner: str, *, by: str, reason: str, now: datetime) -> None:
    """Let announcements leave again."""
    tx.execute(
        update(lanes)
        .where(lanes.c.partner == partner, lanes.c.kind == Lane.ROUTINE.value)
        .values(paused=False, paused_by=None, pause_reason=None, paused_at=None, look_at=LONG_AGO)
    )
    ledger.add(tx, "resumed", {"by": by, "reason": reason}, now=now, partner=partner)


def of(tx: Connection, partner: str) -> Iterable[Row[Any]]:
    """A partner's lanes, urgent first."""
    query = select(lanes).where(lanes.c.partner == partner).order_by(lanes.c.rank)
    return tx.execute(query).all()
