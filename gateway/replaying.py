"""Replays at work: some hundred notices a transaction, until all that matched were looked at.

    the oldest that runs --> the next accounts behind its cursor --> judged, told again --> cursor moved

Notices, counts and cursor are written in one transaction: a process that dies leaves the replay as
it was after the last one, and whoever comes next goes on there. Two at once do no harm: the second
finds the cursor moved and begins again. It never tells more again than matched when it was asked
for, however many were turned down since.
"""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, select, update

from gateway.acts import approvals, replays
from gateway.views import replays as view
from gateway.views.replays import State
from outbox import ledger, turned_down
from outbox.house import House
from schemas.tables import replays as rows

CHUNK: Final = 500
BY: Final = "the gateway"

_OLDEST = (
    select(rows.c.id)
    .where(rows.c.state == State.RUNNING.value)
    .order_by(rows.c.asked_at, rows.c.id)
    .limit(1)
)
_WAITING = select(rows.c.id, rows.c.partner).where(rows.c.state == State.WAITING.value)
_NOW_SO = select(rows).where(rows.c.id == bindparam("which"))


def go_on(house: House, *, now: datetime, chunk: int = CHUNK) -> bool:
    """Work the oldest running replay a little; say whether there was one."""
    with house.database.read() as tx:
        found = tx.scalar(_OLDEST)
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
    limit = min(chunk, left)
    accounts = turned_down.some(
        tx,
        row.partner,
        row.code,
        after=row.cursor,
        limit=limit,
        dense=row.matched >= turned_down.DENSE,
    )
    if accounts:
        judged = turned_down.judged(tx, house, row.partner, accounts, now=now)
        turned_down.tell_again(tx, row.partner, judged)
        tx.execute(
            update(rows)
            .where(rows.c.id == row.id)
            .values(
                cursor=accounts[-1],
                retold=row.retold + len(judged.goes),
                skipped=turned_down.added(row.skipped, judged.skipped),
            )
        )
        told = {"replay": row.id, "retold": judged.goes, "skipped": dict(judged.skipped)}
        ledger.add(tx, "replayed", told, now=now, partner=row.partner)
    if len(accounts) < limit or limit == left:
        done = view.get(tx, row.id)
        replays.end(tx, done, State.DONE, by=BY, reason=None, now=now)
