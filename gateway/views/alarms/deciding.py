"""Alarms of what waits for a person's decision, and of ends that do not agree."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection, func, select, text

from gateway.views import approvals
from gateway.views.alarms.alarm import Alarm, many
from gateway.views.rows import Row
from outbox.house import House
from schemas.codes import CODES
from schemas.tables import holdings_checks, inbound_batches, pushes

# The condition of its partial index is written out, so that it is found by it.
_WAITING_PUSHES = (
    select(pushes.c.id)
    .where(text("state IN ('waiting', 'running')"), pushes.c.state == "waiting")
    .order_by(pushes.c.received_at)
)
_QUARANTINED = (
    select(inbound_batches.c.partner, func.count().label("n"))
    .where(text("state = 'quarantined'"))
    .group_by(inbound_batches.c.partner)
    .order_by(inbound_batches.c.partner)
)
_DIFFER = select(holdings_checks.c.partner).where(text("agree = 0"))


def undecided(
    tx: Connection, _house: House, _rows: Sequence[Row], _now: datetime
) -> Iterator[Alarm]:
    for push in tx.scalars(_WAITING_PUSHES):
        yield Alarm(
            kind="push waits",
            partner=None,
            bad=True,
            sentence="A full list would withdraw too many, and waits for a second person.",
            code="MRX-7013",
            path=f"/pushes/{push}",
            link="Review",
        )
    for row in tx.execute(_QUARANTINED):
        yield Alarm(
            kind="inbound quarantined",
            partner=row.partner,
            bad=True,
            sentence=f"{row.partner}: {many(row.n, 'batch', 'batches')} of theirs would change their roll too"
            " much, waiting for a person.",
            code=None,
            path=f"/inbound/{row.partner}",
            link="Review",
        )
    asked = approvals.count_waiting(tx)
    if asked:
        yield Alarm(
            kind="approvals wait",
            partner=None,
            bad=False,
            sentence=f"Waiting for a second person: {many(asked, 'act')}.",
            code=None,
            path="/approvals",
            link="Approvals",
        )


def differing(
    tx: Connection, _house: House, _rows: Sequence[Row], _now: datetime
) -> Iterator[Alarm]:
    for partner in tx.scalars(_DIFFER.order_by(holdings_checks.c.partner)):
        yield Alarm(
            kind="holdings differ",
            partner=partner,
            bad=False,
            sentence=f"{partner}: {CODES['MRX-4014'].title}.",
            code="MRX-4014",
            path=f"/partners/{partner}#holdings",
            link="Compare",
        )
