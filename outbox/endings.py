"""Agreements that end: everyone whom the partner may know is withdrawn there.

Looked at in every sweep, because a date may simply arrive. The partner's lanes stay, so that its
confirmations can still come in; who still consents waits behind the closed gate, to be told again
if the agreement is renewed.
"""

from datetime import datetime

from sqlalchemy import exists, select

from outbox import pending, withdrawals
from outbox.house import House
from schemas.tables import agreements, disclosures

SLICE = 1_000  # lives a transaction, so that others get their turn


def end_due(house: House, *, now: datetime) -> int:
    """Withdraw a slice of what partners of ended agreements hold; return how many lives."""
    live = exists().where(
        disclosures.c.partner == agreements.c.partner, disclosures.c.withdraw_since.is_(None)
    )
    over = select(agreements.c.partner).where(agreements.c.ended_on <= now.date(), live)
    with house.database.read() as tx:
        partners = list(tx.scalars(over))
    return sum(_end(house, partner, now) for partner in partners)


def _end(house: House, partner: str, now: datetime) -> int:
    query = (
        select(disclosures.c.account, disclosures.c.ref)
        .where(disclosures.c.partner == partner, disclosures.c.withdraw_since.is_(None))
        .order_by(disclosures.c.ref)
        .limit(SLICE)
    )
    with house.database.write() as tx:
        lives = [(row.account, row.ref) for row in tx.execute(query)]
        withdrawals.withdraw(tx, partner, lives, reason="agreement ended", now=now)
        pending.mark(tx, house, [account for account, _ in lives], now=now, partner=partner)
    return len(lives)
