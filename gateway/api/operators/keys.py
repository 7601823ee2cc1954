"""Our keys, and the certificates pinned for partners."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field

from gateway.acts import keys
from gateway.api.context import Here
from gateway.api.operators.acting import Acting, Sees, acting
from gateway.api.operators.approvals import Approval, wire
from gateway.api.operators.decision import Decision
from gateway.api.parameters import Partner
from gateway.api.problems import described
from gateway.identity.roles import Right
from gateway.views import keys as view
from partners.staged_certificates import State

router = APIRouter(responses=described(401, 403, 422))

Secures = Annotated[Acting, acting(Right.SECURE)]
Fingerprint = Annotated[str, Path(pattern="^[0-9a-f]{64}$")]


class OwnKey(BaseModel):
    """One of our keys. `unaware` are connected partners that have not fetched the next one."""

    fingerprint: str
    state: Literal["current", "next", "retired"]
    not_before: datetime
    not_after: datetime
    created_at: datetime
    seen_by: list[str]
    unaware: list[str]


class TheirCertificate(BaseModel):
    """A partner's certificate; `since` is when it was pinned, or staged."""

    partner: str
    fingerprint: str
    state: State
    not_before: datetime
    not_after: datetime
    since: datetime
    under: str | None
    approved_by: str | None


class Inventory(BaseModel):
    """`signing` is the key this server signs with; if another one is current, start it again."""

    ours: list[OwnKey]
    theirs: list[TheirCertificate]
    signing: str
    restart: bool
    asked: Approval | None = Field(description="What waits to activate the next key.")


class StagedKey(BaseModel):
    fingerprint: str
    not_after: datetime
    changed: bool


class Activation(Decision):
    although_unseen: bool = Field(
        default=False, description="Even if a partner has not fetched it: it may refuse us."
    )


class Withdrawal(Decision):
    typed: str = Field(
        pattern="^[0-9a-f]{8}$", description="The first 8 characters of its fingerprint."
    )


@router.get("/keys")
def keys_and_certificates(here: Here, _actor: Sees) -> Inventory:
    """Read all keys and certificates: ours, and the partners' that are pinned or wait to be."""
    with here.house.database.read() as tx:
        found = view.inventory(tx, here.house, now=datetime.now(UTC))
    return Inventory(
        ours=[OwnKey.model_validate(one, from_attributes=True) for one in found.ours],
        theirs=[TheirCertificate.model_validate(one, from_attributes=True) for one in found.theirs],
        signing=found.signing,
        restart=found.restart,
        asked=None if found.asked is None else wire(found.asked),
    )


@router.post("/keys/stage", responses=described(503))
def stage_a_key(here: Here, actor: Secures) -> StagedKey:
    """Make the next key, for partners to pin before it signs anything; again changes nothing."""
    certificate, new = keys.stage(here.house, actor, now=datetime.now(UTC))
    return StagedKey(
        fingerprint=certificate.fingerprint, not_after=certificate.not_after, changed=new
    )


@router.post("/keys/activate", status_code=202, responses=described(404, 409, 503))
def activate_the_next_key(asked: Activation, here: Here, actor: Secures) -> Approval:
    """Ask that the next key signs from now on; it waits for a second person."""
    return wire(
        keys.activate(
            here.house,
            actor,
            although_unseen=asked.although_unseen,
            reason=asked.reason,
            now=datetime.now(UTC),
        )
    )


@router.post("/keys/retire", responses=described(404, 503))
def retire_the_next_key(decision: Decision, here: Here, actor: Secures) -> StagedKey:
    """Take the next key back before it signs anything."""
    certificate = keys.retire(here.house, actor, reason=decision.reason, now=datetime.now(UTC))
    return StagedKey(
        fingerprint=certificate.fingerprint, not_after=certificate.not_after, changed=True
    )


@router.post(
    "/partners/{partner}/certificates/{fingerprint}/withdraw",
    status_code=204,
    responses=described(404, 503),
)
def withdraw_a_certificate(
    partner: Partner, fingerprint: Fingerprint, asked: Withdrawal, here: Here, actor: Secures
) -> Response:
    """Take a pinned certificate off, at once: nothing signed under it is believed any more."""
    keys.withdraw_theirs(
        here.house,
        actor,
        partner,
        fingerprint,
        typed=asked.typed,
        reason=asked.reason,
        now=datetime.now(UTC),
    )
    return Response(status_code=204)
