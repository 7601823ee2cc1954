"""The alarm of retention: it is switched on, and nothing is erased."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from gateway.views.alarms.alarm import Alarm
from gateway.views.retention import OVERDUE
from gateway.views.rows import Row
from outbox import retention_run
from outbox.house import House
from schemas.tables import home


def overdue(
    tx: Connection,
    house: House,
    rows: Sequence[Row],  # noqa: ARG001  # as all looks
    now: datetime,
) -> Iterator[Alarm]:
    """No run has ended for days. A gateway that is new has nothing to erase yet."""
    if not house.terms.retention.daily:
        return
    last = retention_run.last_ended(tx)
    since = tx.scalar(select(home.c.created_at)) if last is None else last.ended_at
    if since is None or now - since <= OVERDUE:
        return
    yield Alarm(
        kind="retention overdue",
        partner=None,
        bad=False,
        sentence=f"Nothing was erased for {(now - since).days} days, though retention is on.",
        code=None,
        path="/retention",
        link="See what is over its term",
    )
