"""Which certificates are pinned for whom. One certificate belongs to one partner.

Several may be pinned for a partner at once, so that an old and a new key overlap.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from schemas.errors import BadRequest
from schemas.tables import certificates

_EVERY = (
    select(certificates)
    .where(certificates.c.withdrawn_at.is_(None))
    .order_by(certificates.c.not_after.desc())
)
_PINNED = _EVERY.where(certificates.c.partner == bindparam("partner"))
_SPANS = _PINNED.with_only_columns(certificates.c.not_before, certificates.c.not_after)
_ONE = select(certificates).where(
    certificates.c.fingerprint == bindparam("fingerprint"), certificates.c.withdrawn_at.is_(None)
)
_OWNER = _ONE.with_only_columns(certificates.c.partner)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """A certificate as it stands in the register; `fingerprint` is the SHA-256 of its DER, hex."""

    fingerprint: str
    partner: str
    pem: str
    not_before: datetime
    not_after: datetime


def pin(tx: Connection, certificate: Pinned, *, now: datetime) -> bool:
    """Pin a certificate; say whether it is new. Raises `BadRequest` MRX-5005 if it is another's."""
    known = tx.execute(
        select(certificates).where(certificates.c.fingerprint == certificate.fingerprint)
    ).one_or_none()
    if known is not None:
        if known.partner != certificate.partner:
            raise BadRequest("MRX-5005")
        tx.execute(
            update(certificates)
            .where(certificates.c.fingerprint == certificate.fingerprint)
            .values(withdrawn_at=None)
        )
        return known.withdrawn_at is not None
    tx.execute(
        insert(certificates).values(
            fingerprint=certificate.fingerprint,
            partner=certificate.partner,
            pem=certificate.pem,
            not_before=certificate.not_before,
            not_after=certificate.not_after,
            pinned_at=now,
        )
    )
    return True


def pinned(tx: Connection, partner: str) -> list[Pinned]:
    """The partner's certificates that are not withdrawn, the newest first."""
    return [_pinned(row) for row in tx.execute(_PINNED, {"partner": partner})]


def every(tx: Connection) -> list[Pinned]:
    """All that are pinned and not withdrawn, the newest first."""
    return [_pinned(row) for row in tx.execute(_EVERY)]


def owner(tx: Connection, fingerprint: str) -> str | None:
    """The partner for whom this certificate is pinned, or None."""
    return tx.scalar(_OWNER, {"fingerprint": fingerprint})


def get(tx: Connection, fingerprint: str) -> Pinned | None:
    """The certificate with this fingerprint, if it is pinned for anybody now."""
    row = tx.execute(_ONE, {"fingerprint": fingerprint}).one_or_none()
    return None if row is None else _pinned(row)


def withdraw(tx: Connection, partner: str, fingerprint: str, *, now: datetime) -> None:
    """Believe nothing that is signed under it any more. Raises `BadRequest` MRX-5031 if it is not
    pinned for this partner.
    """
    done = tx.execute(
        update(certificates)
        .where(
            certificates.c.fingerprint == fingerprint,
            certificates.c.partner == partner,
            certificates.c.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=now)
    )
    if done.rowcount != 1:
        raise BadRequest("MRX-5031")


def valid(tx: Connection, partner: str, *, at: datetime) -> bool:
    """Whether any pinned certificate could be believed at that moment."""
    return any(begins <= at <= ends for begins, ends in tx.execute(_SPANS, {"partner": partner}))


def ends(tx: Connection, *, at: datetime | None = None) -> dict[str, datetime]:
    """Until when each partner's certificate that lasts longest is valid. With a moment, only of
    those that could be believed then: the others have none.
    """
    latest: dict[str, datetime] = {}
    for one in every(tx):
        if at is None or one.not_before <= at <= one.not_after:
            latest.setdefault(one.partner, one.not_after)
    return latest


def _pinned(row: Row[Any]) -> Pinned:
    return Pinned(
        fingerprint=row.fingerprint,
        partner=row.partner,
        pem=row.pem,
        not_before=row.not_before,
        not_after=row.not_after,
    )
