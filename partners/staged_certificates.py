"""A partner's next certificates, waiting for two persons here before they are pinned.

    (asked for) --stage--> staged --first person--> approved once --second person--> pinned
                             '------------ either of them: rejected -------'

A staged certificate is believed in nothing. The row goes when it is pinned or rejected; the ledger
keeps who decided.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from partners import certificates
from partners.certificates import Pinned
from schemas.errors import BadRequest, Refused
from schemas.tables import certificates as pins
from schemas.tables import staged_certificates

# What one partner may have waiting: an old and a new key, and some mistakes.
STAGED_MAX = 8


class State(StrEnum):
    """Where a certificate stands that a partner wants pinned."""

    STAGED = "staged"
    APPROVED_ONCE = "approved once"
    PINNED = "pinned"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """A certificate that waits. `under` is the fingerprint of the one that signed the request."""

    certificate: Pinned
    staged_at: datetime
    under: str
    approved_by: str | None
    approved_at: datetime | None

    @property
    def state(self) -> State:
        return State.STAGED if self.approved_by is None else State.APPROVED_ONCE


def stage(tx: Connection, certificate: Pinned, *, under: str, now: datetime) -> tuple[State, bool]:
    """Let a certificate wait for two persons; where it stands, and whether that is new.

    Raises `BadRequest` MRX-5005 if it is another partner's, pinned, withdrawn or waiting;
    `Refused` MRX-7015 if it was this partner's and is withdrawn, which only a person here undoes,
    or if too many wait already.
    """
    pin = tx.execute(
        select(pins.c.partner, pins.c.withdrawn_at).where(
            pins.c.fingerprint == certificate.fingerprint
        )
    ).one_or_none()
    if pin is not None:
        if pin.partner != certificate.partner:
            raise BadRequest("MRX-5005")
        if pin.withdrawn_at is not None:
            raise Refused("MRX-7015", state="withdrawn")
        return State.PINNED, False
    waits = _row(tx, certificate.fingerprint)
    if waits is not None:
        if waits.partner != certificate.partner:
            raise BadRequest("MRX-5005")
        return _staged(waits).state, False
    waiting = select(func.count()).where(staged_certificates.c.partner == certificate.partner)
    if (tx.scalar(waiting) or 0) >= STAGED_MAX:
        raise Refused("MRX-7015", waiting_max=STAGED_MAX)
    tx.execute(
        insert(staged_certificates).values(
            fingerprint=certificate.fingerprint,
            partner=certificate.partner,
            pem=certificate.pem,
            not_before=certificate.not_before,
            not_after=certificate.not_after,
            staged_at=now,
            staged_under=under,
        )
    )
    return State.STAGED, True


def every(
    tx: Connection,
    *,
    partner: str | None = None,
    after: str | None = None,
    at_most: int | None = None,
) -> list[Staged]:
    """Those that wait, by fingerprint; of one partner, from `after` on, `at_most` so many."""
    query = select(staged_certificates).order_by(staged_certificates.c.fingerprint).limit(at_most)
    if partner is not None:
        query = query.where(staged_certificates.c.partner == partner)
    if after is not None:
        query = query.where(staged_certificates.c.fingerprint > after)
    return [_staged(row) for row in tx.execute(query)]


def get(tx: Connection, fingerprint: str, *, partner: str | None = None) -> Staged:
    """One that waits, locked until the transaction ends. Raises `BadRequest` MRX-5015, also where
    it is not this partner's.
    """
    row = _row(tx, fingerprint)
    if row is None or partner not in (None, row.partner):
        raise BadRequest("MRX-5015")
    return _staged(row)


def approve(tx: Connection, waiting: Staged, *, by: str, now: datetime) -> State:
    """One person's yes; the second one pins it.

    Raises `BadRequest` MRX-7014 if it is the same person again, MRX-5005 if it has been pinned
    for another partner meanwhile; `Refused` MRX-7015 if the certificate that asked for it is no
    longer pinned: whoever holds that key may not name its heir.
    """
    certificate = waiting.certificate
    if certificates.owner(tx, waiting.under) != certificate.partner:
        raise Refused("MRX-7015", state="asked for under a certificate that is withdrawn")
    if waiting.approved_by == by:
        raise BadRequest("MRX-7014")
    if waiting.approved_by is None:
        tx.execute(
            update(staged_certificates)
            .where(staged_certificates.c.fingerprint == certificate.fingerprint)
            .values(approved_by=by, approved_at=now)
        )
        return State.APPROVED_ONCE
    certificates.pin(tx, certificate, now=now)
    forget(tx, certificate.fingerprint)
    return State.PINNED


def forget(tx: Connection, fingerprint: str) -> None:
    """Take one out of the waiting: it is pinned, or rejected."""
    tx.execute(delete(staged_certificates).where(staged_certificates.c.fingerprint == fingerprint))


def _row(tx: Connection, fingerprint: str) -> Row[Any] | None:
    return tx.execute(
        select(staged_certificates)
        .where(staged_certificates.c.fingerprint == fingerprint)
        .with_for_update()
    ).one_or_none()


def _staged(row: Row[Any]) -> Staged:
    return Staged(
        certificate=Pinned(
            fingerprint=row.fingerprint,
            partner=row.partner,
            pem=row.pem,
            not_before=row.not_before,
            not_after=row.not_after,
        ),
        staged_at=row.staged_at,
        under=row.staged_under,
        approved_by=row.approved_by,
        approved_at=row.approved_at,
    )
