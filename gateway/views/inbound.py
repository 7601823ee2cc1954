"""What partners say of their own members: how large each roll is, how fresh, and what of it waits."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, func, select

from gateway import inbound_batches
from gateway.inbound_batches import Inbound
from gateway.views import approvals
from gateway.views.approvals import Approval
from outbox.house import House
from partners import agreements, quarantine
from partners.quarantine import Plan
from schemas.tables import foreign_rolls
from schemas.tables import inbound_batches as batches

LET_IN: Final = "let a batch in"
"""The act for two persons that applies a waiting batch by which members would go."""

_WAITING = (
    select(batches.c.partner, func.count().label("batches"))
    .where(batches.c.state == "quarantined")
    .group_by(batches.c.partner)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Roll:
    """One partner's roll. A batch that would bring it below `lower` or above `upper` waits; both
    are None while its first members come. `stale`: silent for longer than `rhythm`.
    """

    partner: str
    size: int
    as_of: datetime | None
    heard_at: datetime | None
    rhythm: timedelta
    stale: bool
    lower: int | None
    upper: int | None
    waiting: int

    @property
    def state(self) -> str:
        if self.heard_at is None:
            return "never heard"
        return "stale" if self.stale else "fresh"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One batch, what letting it in would do if it waits, and whether a second person is asked."""

    batch: Inbound
    plan: Plan | None
    asked: Approval | None


def rolls(tx: Connection, _house: House, *, now: datetime) -> list[Roll]:
    """The roll of each partner with which there is an agreement."""
    standing = {row.programme: row for row in tx.execute(select(foreign_rolls))}
    waiting = {row.partner: row.batches for row in tx.execute(_WAITING)}
    found = []
    for one in agreements.every(tx):
        code = one.agreement.partner
        row = standing.get(code)
        heard_at = None if row is None else row.heard_at
        lower, upper = quarantine.lines(
            size=0 if row is None else row.size,
            baseline=0 if row is None else row.baseline,
            percent=one.quarantine_percent,
        )
        found.append(
            Roll(
                partner=code,
                size=0 if row is None else row.size,
                as_of=None if row is None else row.as_of,
                heard_at=heard_at,
                rhythm=one.rhythm,
                stale=heard_at is None or now - heard_at > one.rhythm,
                lower=lower,
                upper=upper,
                waiting=waiting.get(code, 0),
            )
        )
    return found


def one(tx: Connection, _house: House, batch_id: str) -> Waiting:
    """One batch. Raises `BadRequest` MRX-5014."""
    found = inbound_batches.get(tx, batch_id)
    partner = found.place.partner
    return Waiting(
        batch=found,
        plan=inbound_batches.plan(tx, found),
        asked=approvals.waiting(tx, LET_IN, partner=partner, subject=batch_id),
    )
