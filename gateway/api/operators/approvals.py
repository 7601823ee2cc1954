"""Acts that wait for a second person, and that person's word."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field

from gateway.acts import approvals
from gateway.acts.approvals import State
from gateway.api.context import Here
from gateway.api.idempotency import Key, once
from gateway.api.operators.acting import Acting, Approves, Sees
from gateway.api.operators.decision import Decision
from gateway.api.operators.listing import Listed
from gateway.api.parameters import OnlyPartner
from gateway.api.problems import described

router = APIRouter(prefix="/approvals", responses=described(401, 403, 422))

ApprovalId = Annotated[str, Path(pattern="^[0-9a-f]{12}$", description="As the list gives it.")]


class Approval(BaseModel):
    """An act that one person asked for. `begun`: somebody said yes, and the act is being
    done, or was cut short; after ten minutes another yes finishes it.
    """

    id: str
    act: str
    partner: str | None = Field(description="Null for an act on this gateway itself.")
    subject: str
    reason: str
    asked_by: str
    asked_at: datetime
    state: State
    begun: bool
    decided_by: str | None
    decided_at: datetime | None
    decision: str | None = Field(description="The reason of whoever decided.")


class ApprovalList(BaseModel):
    items: list[Approval]
    next: str | None


@router.get("")
def acts_for_two_persons(
    here: Here,
    _actor: Sees,
    listing: Listed,
    state: Annotated[State | None, Query(description="Only those in this state.")] = None,
    partner: OnlyPartner = None,
) -> ApprovalList:
    """List the acts for two persons, the newest first; `waiting` ones need a second person."""
    start, at_most = listing.by_moment(), listing.limit + 1
    with here.house.database.read() as tx:
        found = approvals.every(tx, state=state, partner=partner, after=start, at_most=at_most)
    shown, following = listing.cut(found, approvals.key)
    return ApprovalList(items=[wire(one) for one in shown], next=following)


@router.get("/{id}", responses=described(404))
def one_act_for_two_persons(
    id: ApprovalId,  # noqa: A002  # its name in the address
    here: Here,
    _actor: Sees,
) -> Approval:
    """Read one act for two persons."""
    with here.house.database.read() as tx:
        return wire(approvals.get(tx, id))


@router.post("/{id}/approve", response_model=Approval, responses=described(404, 409, 503))
def approve_an_act(
    id: ApprovalId,  # noqa: A002
    decision: Decision,
    request: Request,
    here: Here,
    actor: Approves,
    key: Key = None,
) -> Response:
    """Say yes as the second person: the act is carried out now. Never to one's own (MRX-7014)."""
    return _decided(id, decision, request, here, actor, key, approve=True)


@router.post("/{id}/refuse", response_model=Approval, responses=described(404, 409, 503))
def refuse_an_act(
    id: ApprovalId,  # noqa: A002
    decision: Decision,
    request: Request,
    here: Here,
    actor: Approves,
    key: Key = None,
) -> Response:
    """Say no as the second person: the act waits no longer, and may be asked for again."""
    return _decided(id, decision, request, here, actor, key, approve=False)


def wire(one: approvals.Approval) -> Approval:
    """An approval as it is told."""
    return Approval(
        id=one.id,
        act=one.act,
        partner=one.partner or None,
        subject=one.subject,
        reason=one.reason,
        asked_by=one.asked_by,
        asked_at=one.asked_at,
        state=one.state,
        begun=one.begun,
        decided_by=one.decided_by,
        decided_at=one.decided_at,
        decision=one.decision,
    )


def _decided(
    approval_id: str,
    decision: Decision,
    request: Request,
    here: Here,
    actor: Acting,
    key: str | None,
    *,
    approve: bool,
) -> Response:
    def act() -> Approval:
        return wire(
            approvals.decide(
                here.house,
                actor,
                approval_id,
                approve=approve,
                reason=decision.reason,
                now=datetime.now(UTC),
            )
        )

    return once(here, actor.caller, request, key, decision, act)
