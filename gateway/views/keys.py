"""Keys and certificates, ours and theirs: what signs, what follows, what expires, what overlaps."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, select

from gateway import own_keys
from gateway.views import approvals
from gateway.views.approvals import Approval
from outbox.house import House
from partners import staged_certificates
from partners.staged_certificates import State
from schemas.tables import certificates

ACTIVATE: Final = "activate a key"
"""The act for two persons that makes the next key sign."""

_PINNED = (
    select(certificates)
    .where(certificates.c.withdrawn_at.is_(None))
    .order_by(certificates.c.partner, certificates.c.not_after.desc())
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """One of our keys. `seen_by` have fetched its certificate while it was the next one, `unaware`
    are connected and have not: they may refuse what it signs.
    """

    fingerprint: str
    state: str  # current | next | retired
    not_before: datetime
    not_after: datetime
    created_at: datetime
    seen_by: tuple[str, ...]
    unaware: tuple[str, ...]
    file: str

    @property
    def name(self) -> str:
        """How pictures call it."""
        return f"ours {self.fingerprint[:8]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Theirs:
    """A partner's certificate: pinned, or waiting for a first or second person."""

    partner: str
    fingerprint: str
    state: State
    not_before: datetime
    not_after: datetime
    since: datetime  # pinned, or staged
    under: str | None  # which certificate signed the request for it
    approved_by: str | None

    @property
    def name(self) -> str:
        return f"{self.partner} {self.fingerprint[:8]}"

    def left(self, now: datetime) -> timedelta:
        return self.not_after - now


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """All of them. `signing` is the key that this very process signs with; where the register names
    another one as current, it must be started again. `asked` waits to activate the next one.
    """

    ours: tuple[Ours, ...]
    theirs: tuple[Theirs, ...]
    signing: str
    asked: Approval | None

    @property
    def following(self) -> Ours | None:
        return next((one for one in self.ours if one.state == "next"), None)

    @property
    def current(self) -> Ours | None:
        return next((one for one in self.ours if one.state == "current"), None)

    @property
    def restart(self) -> bool:
        """Whether this process still signs with a key that has been followed."""
        return self.current is not None and self.current.fingerprint != self.signing

    @property
    def first_to_end(self) -> Ours | Theirs | None:
        """What is in use and expires first."""
        used: list[Ours | Theirs] = [one for one in self.ours if one.state == "current"]
        used += [one for one in self.theirs if one.state is State.PINNED]
        return min(used, key=lambda one: one.not_after, default=None)


def inventory(tx: Connection, house: House, *, now: datetime) -> Inventory:  # noqa: ARG001
    """Every certificate that counts, or counted as ours, or wants to."""
    ours = tuple(_ours(tx, one) for one in own_keys.every(tx))
    following = next((one for one in ours if one.state == "next"), None)
    return Inventory(
        ours=ours,
        theirs=(*_pinned(tx), *_staged(tx)),
        signing=house.key.certificate.fingerprint,
        asked=None
        if following is None
        else approvals.waiting(tx, ACTIVATE, subject=following.fingerprint),
    )


def _ours(tx: Connection, one: own_keys.OwnKey) -> Ours:
    certificate = one.certificate
    return Ours(
        fingerprint=certificate.fingerprint,
        state=one.state,
        not_before=certificate.not_before,
        not_after=certificate.not_after,
        created_at=one.created_at,
        seen_by=one.seen_by,
        unaware=tuple(own_keys.unaware(tx, one)) if one.state == "next" else (),
        file=one.file,
    )


def _pinned(tx: Connection) -> list[Theirs]:
    return [
        Theirs(
            partner=row.partner,
            fingerprint=row.fingerprint,
            state=State.PINNED,
            not_before=row.not_before,
            not_after=row.not_after,
            since=row.pinned_at,
            under=None,
            approved_by=None,
        )
        for row in tx.execute(_PINNED)
    ]


def _staged(tx: Connection) -> list[Theirs]:
    return [
        Theirs(
            partner=one.certificate.partner,
            fingerprint=one.certificate.fingerprint,
            state=one.state,
            not_before=one.certificate.not_before,
            not_after=one.certificate.not_after,
            since=one.staged_at,
            under=one.under,
            approved_by=one.approved_by,
        )
        for one in staged_certificates.every(tx)
    ]
