"""What goes wrong in a lane: since when its attempts fail, and why the last of them did."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, select

from outbox.batch import UNANSWERED
from schemas.tables import attempts, batches, lanes


@dataclass(frozen=True, slots=True)
class Trouble:
    """Since when nothing has come of it, and the code of the last attempt that failed."""

    since: datetime
    code: str | None


_SINCE = (
    select(attempts.c.began_at)
    .where(
        attempts.c.batch_id == batches.c.id,
        attempts.c.n > batches.c.attempts - lanes.c.failures,
    )
    .order_by(attempts.c.batch_id, attempts.c.n)
    .limit(1)
    .correlate(batches, lanes)
    .scalar_subquery()
)
_LAST = (
    select(attempts.c.code)
    .where(attempts.c.batch_id == batches.c.id, attempts.c.code.is_not(None))
    .order_by(attempts.c.batch_id.desc(), attempts.c.n.desc())
    .limit(1)
    .correlate(batches)
    .scalar_subquery()
)
_FLYING: Select[Any] = (
    select(batches.c.lane_id, batches.c.first_sent_at, _SINCE.label("since"), _LAST.label("code"))
    .join(lanes, lanes.c.id == batches.c.lane_id)
    .where(batches.c.lane_id.in_(bindparam("lanes", expanding=True)), UNANSWERED)
)


def of(tx: Connection, failing: Sequence[Row[Any]]) -> dict[int, Trouble]:
    """The failures in a row are attempts for the batch in flight. Where there is none, receipts
    came and confirmed none of the withdrawals that were asked for: they go again.
    """
    if not failing:
        return {}
    found = {row.id: Trouble(row.first_withdrawal or row.served_at, None) for row in failing}
    for one in tx.execute(_FLYING, {"lanes": list(found)}):
        found[one.lane_id] = Trouble(one.since or one.first_sent_at, one.code)
    return found
