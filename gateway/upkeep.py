"""Upkeep of the doors: what no promise needs any more goes, what died is called dead."""

from datetime import datetime, timedelta

from sqlalchemy import delete

from gateway import pushes
from gateway.identity import sessions, shared_secret, tries
from outbox.house import House
from partners import nonces
from schemas.tables import idempotency_keys

KEYS_KEPT_FOR = timedelta(days=7)


def tidy(house: House, *, now: datetime) -> None:
    """To be called when a server starts, and every now and then."""
    pushes.tidy(house, now=now)
    shared_secret.tidy(house.folder, now=now)
    with house.database.write() as tx:
        old = idempotency_keys.c.at < now - KEYS_KEPT_FOR
        tx.execute(delete(idempotency_keys).where(old))
        nonces.forget(tx, now=now)
        sessions.forget(tx, now=now)
        tries.sweep(tx, now=now)
