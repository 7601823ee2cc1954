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
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    exists,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

from outbox import ledger, worker_name
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
    which = {"now": now, "rank_max": rank_max, "only": only, "of_kind": kind}
    found = tx.execute(_due(one=only is not None, kind=kind is not None), which).one_or_none()
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
    which = {"now": now, "rank_max": rank_max, "only": only, "of_kind": kind}
    ours = {"worker": worker, "until": now + lease}
    row = tx.execute(
        _taking(one=only is not None, kind=kind is not None), which | ours
    ).one_or_none()
    return None if row is None else Taken(row.id, row.partner, Lane(row.kind), row.fence)


def take_one(
    tx: Connection, partner: str, kind: Lane, *, worker: str, now: datetime, lease: timedelta
) -> Taken | None:
    """Lease one lane of a partner for whoever comes to fetch; None while somebody else works it.

    Waiting times are for those who send; the partner who stands at the door is served. It may have
    no address of its own.
    """
    ours = {"worker": worker, "now": now, "until": now + lease}
    row = tx.execute(_TAKE_ONE, {"only": partner, "which": kind, **ours}).one_or_none()
    return None if row is None else Taken(row.id, partner, kind, row.fence)


_NOW = bindparam("now", type_=lanes.c.look_at.type)


def ready(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """Whether a lane may be taken now, and would be worth it."""
    return and_(
        lanes.c.look_at <= now,
        lanes.c.leased_until < now,
        text("lanes.paused = 0"),
        lanes.c.restored_at.is_(None),
        reachable(),
        work(),
    )


@cache
def _due(*, one: bool, kind: bool) -> Select[Any]:
    query = select(lanes.c.id, lanes.c.partner, lanes.c.kind).where(
        ready(_NOW), lanes.c.rank <= bindparam("rank_max")
    )
    if one:
        query = query.where(lanes.c.partner == bindparam("only"))
    if kind:
        query = query.where(lanes.c.kind == bindparam("of_kind"))
    return query.order_by(lanes.c.rank, lanes.c.served_at, lanes.c.id).limit(1)


_LEASE = {
    "leased_by": bindparam("worker"),
    "leased_until": bindparam("until"),
    "fence": lanes.c.fence + 1,
    "served_at": _NOW,
}
_TAKE_ONE = (
    update(lanes)
    .where(
        lanes.c.partner == bindparam("only"),
        lanes.c.kind == bindparam("which"),
        lanes.c.leased_until < _NOW,
    )
    .values(_LEASE)
    .returning(lanes.c.id, lanes.c.fence)
)


@cache
def _taking(*, one: bool, kind: bool) -> ReturningUpdate[Any]:
    first = _due(one=one, kind=kind).with_only_columns(lanes.c.id).scalar_subquery()
    return (
        update(lanes)
        .where(lanes.c.id == first, lanes.c.leased_until < _NOW)
        .values(_LEASE)
        .returning(lanes.c.id, lanes.c.partner, lanes.c.kind, lanes.c.fence)
    )


def give_back(tx: Connection, taken: Taken, *, look_at: datetime | None = None) -> None:
    """End our lease. `look_at` puts the lane to rest until then."""
    until = {"until": LONG_AGO, "at": look_at}
    statement = _GIVE_BACK if look_at is None else _REST
    tx.execute(statement, {"lane": taken.id, "under": taken.fence, **until})


_GIVE_BACK = (
    update(lanes)
    .where(lanes.c.id == bindparam("lane"), lanes.c.fence == bindparam("under"))
    .values(leased_by=None, leased_until=bindparam("until"))
)
_REST = _GIVE_BACK.values(look_at=bindparam("at"))


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
