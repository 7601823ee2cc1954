"""Nonces of signed requests: each counts once, for as long as its signature could be believed.

A certificate's nonces are its partner's own: spending one touches no other partner's rows.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete

from schemas.database import upsert
from schemas.tables import nonces

# A signature is believed five minutes around its moment, whichever clock is ahead: ten in all.
KEPT = timedelta(minutes=15)


def spend(tx: Connection, certificate: str, nonce: str, *, now: datetime) -> bool:
    """Use up a nonce of the certificate with this fingerprint; say whether it was still fresh."""
    done = tx.execute(
        upsert(tx, nonces)
        .values(certificate=certificate, nonce=nonce, at=now)
        .on_conflict_do_update(
            index_elements=["certificate", "nonce"],
            set_={"at": now},
            where=nonces.c.at < now - KEPT,  # too old to be believed, and not swept away yet
        )
    )
    return done.rowcount == 1


def forget(tx: Connection, *, now: datetime) -> None:
    """Throw away what is too old to be believed, whosever it is."""
    tx.execute(delete(nonces).where(nonces.c.at < now - KEPT))
