"""What the ledger says of one batch: each entry about it, found by the moments at which it happened.

    sealed      "disclosed"     at the moment its issue was sealed
    sent again  "sent again"    at the moment an attempt began
    no answer   "unanswered"    at the moment it ended
    answered    "receipt"       at the moment the receipt came
    handed out  "exported", "evidence taken"

The ledger is long and has no index of batches. Its moments rise with its positions, but for the
seconds that writers wait for each other, so a few questions lead to where the batch begins.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Row, bindparam, select

from outbox import batch as batches
from outbox import evidence
from outbox.batch import Batch
from outbox.ledger import first_at
from schemas.tables import ledger

AROUND: Final = timedelta(hours=1)
"""Nobody waits as long for the ledger, and no clock is set back by more."""

HANDED_OUT: Final = ("exported", "evidence taken")
_OF_PARTNER = select(ledger).where(
    ledger.c.partner == bindparam("whose"),
    ledger.c.position >= bindparam("first"),
    ledger.c.position < bindparam("last"),
)
_MOMENTS = _OF_PARTNER.where(ledger.c.at.in_(bindparam("moments", expanding=True)))
_HANDED_OUT = select(ledger).where(
    ledger.c.kind.in_(HANDED_OUT),
    ledger.c.partner == bindparam("whose"),
    ledger.c.position >= bindparam("first"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One notice as an issue said it. A withdrawal has neither version nor items."""

    ref: str
    account: str
    version: int | None
    items: str | None


def entries(tx: Connection, batch: Batch) -> list[Row[Any]]:
    """Every entry about a batch, in the order of the ledger."""
    moments = [issue.sealed_at for issue in evidence.issues(tx, batch)]
    for attempt in batches.history(tx, batch.id):
        moments += [at for at in (attempt.began_at, attempt.ended_at) if at is not None]
    for receipt in evidence.receipts_of(tx, batch.lane_id, batch.epoch, batch.number):
        moments.append(receipt.received_at)
    first, last = _around(tx, min(moments), max(moments))
    found = []
    # A batch that is tried for weeks has thousands of moments: a few hundred a question.
    for some in _chunks(sorted(set(moments)), 500):
        which = {"whose": batch.partner, "first": first, "last": last, "moments": some}
        found += [row for row in tx.execute(_MOMENTS, which) if _about(row, batch)]
    handed = tx.execute(_HANDED_OUT, {"whose": batch.partner, "first": first})
    found += [row for row in handed if _about(row, batch)]
    return sorted(found, key=lambda row: row.position)


def said(tx: Connection, batch: Batch, issue: int) -> dict[str, Told]:
    """What an issue of a batch said, by reference; it is known also when its bytes are erased.
    Empty for an issue there is not.
    """
    sealed = next((one for one in evidence.issues(tx, batch) if one.issue == issue), None)
    if sealed is None:
        return {}
    first, last = _around(tx, sealed.sealed_at, sealed.sealed_at)
    which = {"whose": batch.partner, "first": first, "last": last, "moments": [sealed.sealed_at]}
    for row in tx.execute(_MOMENTS, which):
        entry = orjson.loads(row.entry)
        if row.kind == "disclosed" and (entry["id"], entry["issue"]) == (batch.id, issue):
            return _told(entry)
    return {}


def _told(entry: dict[str, Any]) -> dict[str, Told]:
    announced = [
        Told(ref=ref, account=account, version=version, items=items)
        for account, ref, version, _consent, items in entry["announced"]
    ]
    withdrawn = [
        Told(ref=ref, account=account, version=None, items=None)
        for account, ref in entry["withdrawn"]
    ]
    return {one.ref: one for one in (*announced, *withdrawn)}


def _about(row: Row[Any], batch: Batch) -> bool:
    entry = orjson.loads(row.entry)
    if "id" in entry:
        return bool(entry["id"] == batch.id)
    return (entry.get("lane"), entry.get("batch")) == (batch.lane, batch.number)


def _around(tx: Connection, begin: datetime, end: datetime) -> tuple[int, int]:
    """Positions between which everything of this time stands: from the first, before the last."""
    return first_at(tx, begin - AROUND), first_at(tx, end + AROUND)


def _chunks(moments: list[datetime], size: int) -> Iterator[list[datetime]]:
    for begin in range(0, len(moments), size):
        yield moments[begin : begin + size]
