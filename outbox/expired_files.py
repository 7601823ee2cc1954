"""Sealed files whose term is over: the bytes go, the row with its digest stays.

our batches            settled or refused, by the moment they were closed
partners' receipts     of those
partners' batches      applied or rejected, and nothing owed; their register's pushes besides
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    Table,
    and_,
    bindparam,
    delete,
    func,
    update,
)

from outbox.retention_slice import BEFORE, Erase, Way, looked, slice_of, there_is
from schemas import bulk
from schemas.tables import (
    Moment,
    batch_files,
    batches,
    inbound_batches,
    is_set,
    push_rejections,
    pushes,
    receipts,
)

_CLOSED = (batches.c.state.in_(("settled", "refused")), batches.c.closed_at < BEFORE)


def _strip(table: Table, keys: tuple[str, ...]) -> Erase:
    """Take the file out of a row and leave the rest."""
    which = and_(*(table.c[key] == bindparam(f"its_{key}") for key in keys))
    statement = (
        update(table)
        .where(which, table.c.file.is_not(None))
        .values(file=None, erased_at=bindparam("now", type_=Moment()))
    )

    def stripped(tx: Connection, rows: Sequence[Row[Any]], now: datetime) -> None:
        tx.execute(
            statement,
            [{"now": now, **{f"its_{key}": getattr(row, key) for key in keys}} for row in rows],
        )

    return stripped


def of_batch_files() -> Way:
    keys = ("batch_id", "issue")
    f = batch_files.c
    some = slice_of(
        batch_files, f.sealed_at, keys, "batch_files.file IS NOT NULL", size=func.length(f.file)
    )
    due = there_is(batches.c.id == some.c.batch_id, *_CLOSED)
    return Way(keys, looked(some, keys, due), _strip(batch_files, keys))


def of_receipt_files() -> Way:
    keys = ("digest",)
    r, carried = receipts.c, ("lane_id", "epoch", "number")
    kept = "receipts.file IS NOT NULL"
    some = slice_of(receipts, r.received_at, keys, kept, *carried, size=func.length(r.file))
    same = and_(
        batches.c.lane_id == some.c.lane_id,
        batches.c.epoch == some.c.epoch,
        batches.c.number == some.c.number,
    )
    due = there_is(same, *_CLOSED)
    return Way(keys, looked(some, keys, due), _strip(receipts, keys))


def of_inbound_files() -> Way:
    keys = ("partner", "kind", "epoch", "number", "issue")
    b = inbound_batches.c
    kept, carried = "inbound_batches.file IS NOT NULL", ("state", "owed", "decided_at")
    some = slice_of(inbound_batches, b.received_at, keys, kept, *carried, size=func.length(b.file))
    due = and_(
        some.c.state.in_(("applied", "rejected")),
        ~is_set(some.c.owed),
        func.coalesce(some.c.decided_at, some.c.at) < BEFORE,
    )
    return Way(keys, looked(some, keys, due), _strip(inbound_batches, keys))


def of_pushes() -> Way:
    keys = ("id",)
    p = pushes.c
    some = slice_of(pushes, p.received_at, keys, "1 = 1", "state", "finished_at")
    due = and_(some.c.state.in_(("done", "discarded", "interrupted")), some.c.finished_at < BEFORE)

    def forget(tx: Connection, rows: Sequence[Row[Any]], _now: datetime) -> None:
        which = {"ids": [row.id for row in rows]}
        tx.execute(delete(push_rejections).where(bulk.one_of(push_rejections.c.push, "ids")), which)
        tx.execute(delete(pushes).where(bulk.one_of(p.id, "ids")), which)

    return Way(keys, looked(some, keys, due), forget)
