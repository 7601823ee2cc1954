"""Partners' next certificates, waiting for two persons."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from gateway.acts import keys
from gateway.api.context import Here
from gateway.api.operators.acting import Acting, Sees, acting
from gateway.api.operators.decision import Decision
from gateway.api.operators.listing import Listed
from gateway.api.problems import described
from gateway.identity.roles import Right
from partners import staged_certificates
from partners.staged_certificates import Staged, State

router = APIRouter(prefix="/certificates", responses=described(401, 403, 422))

Decides = Annotated[Acting, acting(Right.APPROVE, Right.SECURE)]

Fingerprint = Annotated[
    str, Path(pattern="^[0-9a-f]{64}$", description="The SHA-256 of its DER, hex.")
]


class Waiting(BaseModel):
    """A certificate that a partner wants pinned. Compare the fingerprint with the partner before
    approving, over another way than this one.
    """

    fingerprint: str
    partner: str
    state: State
    not_before: datetime
    not_after: datetime
    pem: str
    staged_at: datetime
    staged_under: str = Field(description="The fingerprint of the certificate that signed for it.")
    approved_by: str | None
    approved_at: datetime | None


class WaitingList(BaseModel):
    items: list[Waiting]
    next: str | None


class Decided(BaseModel):
    """Where a certificate stands after this person's word."""

    fingerprint: str
    partner: str
    state: State


@router.get("")
def waiting_certificates(here: Here, _actor: Sees, listing: Listed) -> WaitingList:
    """List the certificates that wait for a first or a second person, by fingerprint."""
    key = listing.start(str)
    after = None if key is None else str(key[0])
    with here.house.database.read() as tx:
        found = staged_certificates.every(tx, after=after, at_most=listing.limit + 1)
    shown, following = listing.cut(found, lambda one: (one.certificate.fingerprint,))
    return WaitingList(items=[_waiting(one) for one in shown], next=following)


@router.post("/{fingerprint}/approve", responses=described(404, 409, 503))
def approve_certificate(fingerprint: Fingerprint, here: Here, actor: Decides) -> Decided:
    """Approve a certificate: the first person's yes is noted, a second person's pins it."""
    waiting, state = keys.approve_theirs(here.house, actor, fingerprint, now=datetime.now(UTC))
    return _decided(waiting, state)


@router.post("/{fingerprint}/reject", responses=described(404, 503))
def reject_certificate(
    fingerprint: Fingerprint, decision: Decision, here: Here, actor: Decides
) -> Decided:
    """Reject a certificate: it waits no longer. The partner may ask again."""
    now = datetime.now(UTC)
    waiting = keys.reject_theirs(here.house, actor, fingerprint, reason=decision.reason, now=now)
    return _decided(waiting, State.REJECTED)


def _waiting(one: Staged) -> Waiting:
    certificate = one.certificate
    return Waiting(
        fingerprint=certificate.fingerprint,
        partner=certificate.partner,
        state=one.state,
        not_before=certificate.not_before,
        not_after=certificate.not_after,
        pem=certificate.pem,
        staged_at=one.staged_at,
        staged_under=one.under,
        approved_by=one.approved_by,
        approved_at=one.approved_at,
    )


def _decided(waiting: Staged, state: State) -> Decided:
    return Decided(
        fingerprint=waiting.certificate.fingerprint,
        partner=waiting.certificate.partner,
        state=state,
    )
