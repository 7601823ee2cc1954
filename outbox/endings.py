"""Agreements that end: everyone whom the partner may know is withdrawn there.

Looked at in every sweep, because a date may simply arrive. The partner's lanes stay, so that its
confirmations can still come in.
"""

from datetime import datetime

from sqlalchemy import exists, select

from outbox import pending
from outbox.house import House
from schemas.tables import agreements, disclosures


def end_due(house: House, *, now: datetime) -> int:
    """Withdraw a slice of what partners of ended agreements hold; return how many lives."""
    live = exists().where(
        disclosures.c.partner == agreements.c.partner, disclosures.c.withdraw_since.is_(None)
    )
    over = select(agreements.c.partner).where(agreements.c.ended_on <= now.date(), live)
    with house.database.read() as tx:
        partners = list(tx.scalars(over))
    ended = 0
    for partner in partners:
        with house.database.write() as tx:
            ended += pending.withdraw_everyone(
                tx, house, partner, reason="agreement ended", now=now
            )
    return ended
