"""A partner's next certificate: from its own signed word to two persons' yes here.

    partner --CMS file, signed under a pinned certificate--> staged --two persons--> pinned

The partner's signature says that it wants the certificate; the two persons compare the
fingerprint with the partner over another way, as whoever connected it did (`mrx partner connect`).
Every step is in the ledger, in the transaction that makes it.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from gateway import inbound, own_keys
from outbox import ledger, rest
from outbox.house import House
from partners import certificates, staged_certificates
from partners.certificates import Pinned
from partners.staged_certificates import Staged, State
from schemas.errors import NotTrusted
from signing.certificate import Certificate

# A certificate in PEM, with room for what other programs write around it, and the CMS around all.
REQUEST_BYTES_MAX = 80 * 1024


def stage(house: House, file: bytes, *, now: datetime) -> tuple[str, State]:
    """Stage the certificate a partner asks for; its fingerprint, and where it stands. The same
    request again changes nothing.

    `file` is a CMS file whose content is one certificate, PEM or DER. Raises `NotTrusted`: as
    `signing.open` does; MRX-3012 if the content is no usable certificate, or is our own; MRX-3006
    if it has expired. Else as `staged_certificates.stage` does.
    """
    partner, opened = inbound.believe(house, file, bytes_max=REQUEST_BYTES_MAX, now=now)
    certificate = Certificate.parse(opened.content)
    if certificate.not_after < now:
        raise NotTrusted("MRX-3006")
    with house.database.write() as tx:
        own_keys.refuse_ours(tx, certificate)
        wanted = Pinned(
            fingerprint=certificate.fingerprint,
            partner=partner,
            pem=certificate.pem,
            not_before=certificate.not_before,
            not_after=certificate.not_after,
        )
        under = opened.signer.fingerprint
        state, new = staged_certificates.stage(tx, wanted, under=under, now=now)
        if new:
            told = {"under": under, "request": opened.digest}
            _tell(tx, "certificate staged", wanted, told, now=now)
    return certificate.fingerprint, state


def approve(
    house: House, fingerprint: str, *, by: str, now: datetime, partner: str | None = None
) -> tuple[Staged, State]:
    """One person's yes to a staged certificate, and where it stands now: the second person's pins
    it, and the lanes look again at once. Raises as `staged_certificates.get` and `approve` do.
    """
    with house.database.write() as tx:
        waiting = staged_certificates.get(tx, fingerprint, partner=partner)
        state = staged_certificates.approve(tx, waiting, by=by, now=now)
        if state is State.PINNED:
            rest.hurry(tx, only=waiting.certificate.partner)
        told = {"by": by, "state": state.value, "first": waiting.approved_by}
        _tell(tx, "certificate approved", waiting.certificate, told, now=now)
    return waiting, state


def reject(
    house: House,
    fingerprint: str,
    *,
    by: str,
    reason: str,
    now: datetime,
    partner: str | None = None,
) -> Staged:
    """One person's no: it waits no longer. Raises `BadRequest` MRX-5015."""
    with house.database.write() as tx:
        waiting = staged_certificates.get(tx, fingerprint, partner=partner)
        staged_certificates.forget(tx, fingerprint)
        told = {"by": by, "reason": reason, "first": waiting.approved_by}
        _tell(tx, "certificate rejected", waiting.certificate, told, now=now)
    return waiting


def withdraw(
    house: House, partner: str, fingerprint: str, *, by: str, reason: str, now: datetime
) -> None:
    """Take a pinned certificate off, at once: a key that is lost or stolen. One person is enough,
    because waiting is the danger. Raises `BadRequest` MRX-5031.
    """
    with house.database.write() as tx:
        certificates.withdraw(tx, partner, fingerprint, now=now)
        told = {"by": by, "reason": reason}
        kind = "certificate withdrawn"
        ledger.add(tx, kind, told, now=now, partner=partner, subject=fingerprint)


def _tell(
    tx: Connection, kind: str, certificate: Pinned, told: Mapping[str, str | None], *, now: datetime
) -> None:
    entry = {"certificate": certificate.fingerprint, **told}
    ledger.add(tx, kind, entry, now=now, partner=certificate.partner)
