"""A batch, its states, and the arrows between them.

    batch:  sealed --claim--> sending --receipt "applied"--> settled    (all, or with refusals)
              ^                 |---receipt "received"--> received --"applied" later--> settled
              |                 |---no answer----> unknown --claim--> sending
              |                 |---"not now"----> sealed   (claimed again at T)
              |                 '---refused whole-> refused  (its number is closed, the lane goes on)
              '--- stale ones are re-issued by the claim: same number, next issue

A batch is written in state `sending`, in the same transaction that opens its first attempt: from
then on the partner *may have heard*. A process that dies in `sending` leaves it so; the next one
to hold the lane claims it again and sends the same bytes.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, Update, bindparam, select, text, update

from schemas.errors import BadRequest
from schemas.tables import attempts, batch_files, batch_notices, batches, lanes


class State(StrEnum):
    SEALED = "sealed"
    SENDING = "sending"
    UNKNOWN = "unknown"
    RECEIVED = "received"
    SETTLED = "settled"
    REFUSED = "refused"


NEXT = {
    State.SEALED: {State.SENDING, State.SETTLED, State.RECEIVED, State.REFUSED},
    State.SENDING: {
        State.SENDING,
        State.SETTLED,
        State.RECEIVED,
        State.UNKNOWN,
        State.SEALED,
        State.REFUSED,
    },
    State.UNKNOWN: {State.SENDING, State.SETTLED, State.RECEIVED, State.REFUSED},
    State.RECEIVED: {State.SETTLED, State.REFUSED},
    State.SETTLED: set[State](),
    State.REFUSED: set[State](),
}
ANSWERED = frozenset({State.RECEIVED, State.SETTLED, State.REFUSED})

# Written as a literal: SQLite matches a partial index when it prepares the statement.
UNANSWERED = text("batches.state IN ('sealed', 'sending', 'unknown')")


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One number of one lane, at its newest issue."""

    id: int
    lane_id: int
    partner: str
    lane: str
    epoch: str
    number: int
    issue: int
    state: State
    stale: bool
    fence: int
    revision: int
    digest: str
    previous_digest: str | None
    announcements: int
    withdrawals: int
    bytes: int
    attempts: int
    code: str | None
    sealed_at: datetime
    first_sent_at: datetime
    closed_at: datetime | None


_EVERY = select(batches, lanes.c.partner, lanes.c.kind.label("lane")).join(
    lanes, lanes.c.id == batches.c.lane_id
)
_NAMES = _EVERY.selected_columns.keys()
_ONE = _EVERY.where(batches.c.id == bindparam("batch"))
_SOME = _EVERY.where(batches.c.id.in_(bindparam("ids", expanding=True))).order_by(
    batches.c.id.desc()
)
_OF_LANE = _EVERY.where(batches.c.lane_id == bindparam("lane"))
_NUMBERED = _OF_LANE.where(
    batches.c.epoch == bindparam("epoch"), batches.c.number == bindparam("number")
)
_FLYING = _OF_LANE.where(UNANSWERED)
_FILE = select(batch_files.c.file).where(
    batch_files.c.batch_id == bindparam("batch"), batch_files.c.issue == bindparam("issue")
)
_CLOSE_ATTEMPT = (
    update(attempts)
    .where(
        attempts.c.batch_id == bindparam("batch"),
        attempts.c.n == bindparam("which"),
        attempts.c.ended_at.is_(None),
    )
    .values({name: bindparam(name) for name in ("ended_at", "outcome", "code", "detail")})
)


def _batch(row: Row[Any]) -> Batch:
    found = dict(zip(_NAMES, row, strict=True))
    return Batch(**found | {"state": State(row.state)})


def get(tx: Connection, batch_id: int) -> Batch:
    """One batch, or `BadRequest` MRX-5003."""
    row = tx.execute(_ONE, {"batch": batch_id}).one_or_none()
    if row is None:
        raise BadRequest("MRX-5003")
    return _batch(row)


def some(tx: Connection, ids: Collection[int]) -> list[Batch]:
    """These batches, the newest first."""
    return [_batch(row) for row in tx.execute(_SOME, {"ids": list(ids)})]


def numbered(tx: Connection, lane_id: int, epoch: str, number: int) -> Batch | None:
    """The batch with this number in an epoch of a lane."""
    which = {"lane": lane_id, "epoch": epoch, "number": number}
    row = tx.execute(_NUMBERED, which).one_or_none()
    return None if row is None else _batch(row)


def unanswered(tx: Connection, lane_id: int) -> Batch | None:
    """The one batch of a lane that is in flight, if there is one."""
    row = tx.execute(_FLYING, {"lane": lane_id}).one_or_none()
    return None if row is None else _batch(row)


def every(tx: Connection, *, partner: str | None = None, state: str | None = None) -> list[Batch]:
    """Batches in the order they were first sealed."""
    query = _EVERY.order_by(batches.c.id)
    if partner is not None:
        query = query.where(lanes.c.partner == partner)
    if state is not None:
        query = query.where(batches.c.state == state)
    return [_batch(row) for row in tx.execute(query)]


def file(tx: Connection, batch_id: int, issue: int) -> bytes:
    """The sealed bytes of one issue, exactly as they left."""
    found = tx.scalar(_FILE, {"batch": batch_id, "issue": issue})
    assert found is not None, "a sealed issue has its file until retention erases it"
    return bytes(found)


def notices(tx: Connection, batch_id: int) -> list[Row[Any]]:
    query = select(batch_notices).where(batch_notices.c.batch_id == batch_id)
    return list(tx.execute(query.order_by(batch_notices.c.kind, batch_notices.c.ref)))


def history(tx: Connection, batch_id: int) -> list[Row[Any]]:
    """The attempts made to deliver it."""
    query = select(attempts).where(attempts.c.batch_id == batch_id)
    return list(tx.execute(query.order_by(attempts.c.n)))


def move(tx: Connection, batch: Batch, target: State, **facts: Any) -> None:
    """Walk one arrow of `NEXT`, writing `facts` with it. The caller holds the lane's fence."""
    assert target in NEXT[batch.state], (batch.state, target)
    here = {"batch": batch.id, "was": batch.state.value}
    done = tx.execute(_moving(*facts), {**here, "state": target.value, **facts})
    assert done.rowcount == 1, "the lane is ours, so nobody else moves its batch"


@cache
def _moving(*facts: str) -> Update:
    here = (batches.c.id == bindparam("batch")) & (batches.c.state == bindparam("was"))
    return update(batches).where(here).values({name: bindparam(name) for name in ("state", *facts)})


def close_attempt(
    tx: Connection,
    batch_id: int,
    n: int,
    *,
    outcome: str,
    now: datetime,
    code: str | None = None,
    detail: str | None = None,
) -> None:
    """Write how an attempt ended, once; `detail` holds no company data."""
    told = {"ended_at": now, "outcome": outcome, "code": code, "detail": detail}
    tx.execute(_CLOSE_ATTEMPT, {"batch": batch_id, "which": n, **told})
