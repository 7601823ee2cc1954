"""Replays at work: some hundred notices a transaction, until all that matched were looked at.

    the oldest that runs --> the next accounts behind its cursor --> judged, told again --> cursor moved

Notices, counts and cursor are written in one transaction: a process that dies leaves the replay as
it was after the last one, and whoever comes next goes on there. Two at once do no harm: the second
finds the cursor moved and begins again. What was turned down since it was asked for is not told
again, and keeps nothing else from being told: that is another replay.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, exists, select, update

from gateway.acts import approvals, replays
from gateway.views import replays as view
from gateway.views.replays import State
from outbox import ledger, turned_down
from outbox.house import House
from outbox.withdrawals import ANNOUNCE
from schemas import bulk
from schemas.tables import batch_notices, batches, lanes, pending
from schemas.tables import replays as rows

CHUNK: Final = 500
BY: Final = "the gateway"

_RUNNING = (
    select(rows.c.id)
    .where(rows.c.state == State.RUNNING.value)
    .order_by(rows.c.asked_at, rows.c.id)
)
_UNFINISHED = (
    select(rows.c.id, rows.c.state)
    .where(rows.c.state.in_([State.WAITING.value, State.RUNNING.value]))
    .order_by(rows.c.asked_at, rows.c.id)
)
_WAITING = select(rows.c.id, rows.c.partner).where(rows.c.state == State.WAITING.value)
_NOW_SO = select(rows).where(rows.c.id == bindparam("which"))
_ASKED_AT = bindparam("asked_at", type_=rows.c.asked_at.type)
# A notice may have waited long before its partner turned it down: then its batch says when.
_REFUSED_SINCE = exists(
    select(batch_notices.c.ref)
    .join(batches, batches.c.id == batch_notices.c.batch_id)
    .join(lanes, lanes.c.id == batches.c.lane_id)
    .where(
        batch_notices.c.account == pending.c.account,
        batch_notices.c.kind == "announcement",
        batch_notices.c.outcome == "refused",
        lanes.c.partner == pending.c.partner,
        batches.c.closed_at > _ASKED_AT,
    )
)
_BEFORE = (
    select(pending.c.account)
    .where(
        pending.c.partner == bindparam("whose"),
        bulk.one_of(pending.c.account, "accounts"),
        pending.c.ref == ANNOUNCE,
        pending.c.since <= _ASKED_AT,
        ~_REFUSED_SINCE,
    )
    .order_by(pending.c.account)
)


def running(house: House) -> list[str]:
    """The replays that run, the oldest first."""
    with house.database.read() as tx:
        return list(tx.scalars(_RUNNING))


def unfinished(house: House) -> tuple[bool, list[str]]:
    """Whether any waits for an approval, and those that run, the oldest first: one look."""
    with house.database.read() as tx:
        found = tx.execute(_UNFINISHED).all()
    running = [row.id for row in found if row.state == State.RUNNING.value]
    return len(running) < len(found), running


def go_on(house: House, *, now: datetime, chunk: int = CHUNK, only: str | None = None) -> bool:
    """Work a replay a little: the oldest, or the one given. Say whether it ran."""
    found = next((one for one in running(house) if only in (None, one)), None)
    if found is None:
        return False
    with house.bell.after(), house.database.write() as tx:
        row = tx.execute(_NOW_SO, {"which": found}).one()
        if row.state == State.RUNNING.value:  # else somebody was quicker, or cancelled it
            _some(tx, house, row, chunk, now)
    return True


def drop_refused(house: House, *, now: datetime) -> None:
    """Cancel those that wait for an approval that was refused."""
    with house.database.read() as tx:
        waiting = tx.execute(_WAITING).all()
    for one in waiting:
        with house.database.write() as tx:
            row = view.get(tx, one.id)
            asked = approvals.waiting(tx, replays.ACT, partner=one.partner, subject=one.id)
            if row.state is State.WAITING and asked is None:
                reason = "the second person refused"
                replays.end(tx, row, State.CANCELLED, by=BY, reason=reason, now=now)


def _some(tx: Connection, house: House, row: Row[Any], chunk: int, now: datetime) -> None:
    left = row.matched - row.retold - sum(row.skipped.values())
    accounts = turned_down.some(
        tx,
        row.partner,
        row.code,
        after=row.cursor,
        limit=chunk,
        dense=row.matched >= turned_down.DENSE,
    )
    matched = _matched(tx, row, accounts)[:left]
    if matched:
        judged = turned_down.judged(tx, house, row.partner, matched, now=now)
        turned_down.tell_again(tx, row.partner, judged)
        counts = {
            "retold": row.retold + len(judged.goes),
            "skipped": turned_down.added(row.skipped, judged.skipped),
        }
        tx.execute(update(rows).where(rows.c.id == row.id).values(counts))
        told = {"replay": row.id, "retold": judged.goes, "skipped": dict(judged.skipped)}
        ledger.add(tx, "replayed", told, now=now, partner=row.partner)
    if accounts:
        tx.execute(update(rows).where(rows.c.id == row.id).values(cursor=accounts[-1]))
    if len(accounts) < chunk or len(matched) == left:
        done = view.get(tx, row.id)
        replays.end(tx, done, State.DONE, by=BY, reason=None, now=now)


def _matched(tx: Connection, row: Row[Any], accounts: Sequence[str]) -> Sequence[str]:
    """Those of them that had been turned down when the replay was asked for."""
    which = {"whose": row.partner, "accounts": accounts, "asked_at": row.asked_at}
    return tx.scalars(_BEFORE, which).all()
