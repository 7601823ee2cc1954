"""What becomes of notices a partner refuses.

A refused announcement waits for a person, with the partner's code. If what the partner may go on
holding is better than the truth, that is withdrawn (P3). A refused withdrawal is told again.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, literal, select, update

from outbox import gate as gates
from outbox import pending as queue
from outbox import withdrawals
from outbox.batch import Batch
from outbox.candidate import facts, pair, worse_than_told
from outbox.house import House
from outbox.outcomes import Blocked
from schemas.receipt import Refusal
from schemas.tables import batch_notices, pending


def some(
    tx: Connection, house: House, batch: Batch, refused: Iterable[Refusal], *, now: datetime
) -> None:
    """Single notices of an applied batch were refused."""
    codes = {refusal.ref: refusal.code for refusal in refused}
    if codes:
        said = (batch_notices.c.batch_id == batch.id) & batch_notices.c.ref.in_(codes)
        for ref, code in codes.items():
            tx.execute(
                update(batch_notices)
                .where(batch_notices.c.batch_id == batch.id, batch_notices.c.ref == ref)
                .values(outcome="refused", code=code)
            )
        _wait(tx, house, batch, said, codes, "MRX-2210", now)
    again(tx, batch)


def whole(tx: Connection, house: House, batch: Batch, code: str, *, now: datetime) -> None:
    """The whole batch was refused: its number is closed, its announcements wait."""
    said = batch_notices.c.batch_id == batch.id
    tx.execute(
        update(batch_notices)
        .where(said, batch_notices.c.dropped_issue.is_(None))
        .values(outcome="refused", code=code)
    )
    _wait(tx, house, batch, said, {}, "MRX-2211", now, code)
    again(tx, batch)


def choke(tx: Connection, house: House, batch: Batch, ref: str, *, now: datetime) -> list[Blocked]:
    """One announcement of a batch in flight is too large even alone: it waits, and the next issue
    goes out without it, so that the lane goes on.

    The caller writes the outcome that is returned, as the last act of its transaction.
    """
    said = (batch_notices.c.batch_id == batch.id) & (batch_notices.c.ref == ref)
    waiting = _wait(tx, house, batch, said, {}, "MRX-2107", now)
    tx.execute(update(batch_notices).where(said).values(dropped_issue=batch.issue + 1))
    return waiting


def again(tx: Connection, batch: Batch) -> None:
    """Withdrawals of this batch that no receipt confirmed stay queued, for a later number."""
    if batch.withdrawals:
        tx.execute(_AGAIN, {"batch": batch.id})


_AGAIN = (
    update(pending)
    .where(pending.c.batch_id == bindparam("batch"), pending.c.ref != withdrawals.ANNOUNCE)
    .values(batch_id=None)
)


def _wait(
    tx: Connection,
    house: House,
    batch: Batch,
    said: Any,
    codes: dict[str, str],
    code: str,
    now: datetime,
    whole_code: str | None = None,
) -> list[Blocked]:
    """Let the announcements wait; return those whose row in the queue did not say so before."""
    gate = gates.gate(tx, house, batch.partner, now=now)
    query = facts(
        batch_notices,
        literal(batch.partner),
        batch_notices.c.account,
        batch_notices.c.ref.label("row_ref"),
    ).where(said, batch_notices.c.kind == "announcement", batch_notices.c.dropped_issue.is_(None))
    rows: list[Row[Any]] = list(tx.execute(query))
    waiting = set(
        tx.scalars(
            select(pending.c.account).where(
                pending.c.batch_id == batch.id, pending.c.ref == withdrawals.ANNOUNCE
            )
        )
    )
    blocked = []
    for row in rows:
        if row.account in waiting:
            theirs = codes.get(row.row_ref, whole_code)
            if queue.block(tx, batch.partner, row.account, code, partner_code=theirs):
                blocked.append(Blocked(row.account, code))
        if row.live_ref == row.row_ref and worse_than_told(pair(row), gate, house):
            lives = [(row.account, row.live_ref)]
            withdrawals.withdraw(tx, batch.partner, lives, reason="worse and refused", now=now)
    return blocked
