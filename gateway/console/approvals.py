"""Approvals: what waits for a second person?"""

from typing import Annotated, Final

from fastapi import APIRouter, Form, Path, Query, Response

from gateway.acts import approvals as acts
from gateway.acts.approvals import Approval, State
from gateway.api import cursor
from gateway.console.page import Page, SignedIn
from gateway.identity.roles import Right
from schemas.tables import stored

router = APIRouter(prefix="/approvals")

A_PAGE: Final = 50
TONES: Final = {State.WAITING: "hold", State.APPROVED: "good", State.REFUSED: "plain"}

ApprovalId = Annotated[str, Path(pattern="^[0-9a-f]{12}$")]
Reason = Annotated[str, Form(max_length=2000)]


@router.get("")
def every(
    page: SignedIn,
    state: Annotated[str, Query(pattern=f"^$|^({'|'.join(State)})$")] = "",
    after: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    page.demand(Right.SEE, what="the approvals")
    key = cursor.read(after, int, str)
    start = None if key is None else (cursor.moment(key[0]), str(key[1]))
    with page.house.database.read() as tx:
        found = acts.every(
            tx, state=State(state) if state else None, after=start, at_most=A_PAGE + 1
        )
    shown = found[:A_PAGE]
    last = shown[-1] if len(found) > A_PAGE else None
    return page.show(
        "approvals.html",
        title="Approvals",
        found=shown,
        state=state,
        states=list(State),
        next=None if last is None else cursor.written(stored(last.asked_at), last.id),
        first=after is None,
        tones=TONES,
    )


@router.get("/{approval}")
def one(page: SignedIn, approval: ApprovalId) -> Response:
    page.demand(Right.SEE, what="an approval")
    found = _get(page, approval)
    return page.show(
        "approval.html",
        title=f"Approval: {found.act}",
        approval=found,
        look=acts.look(found),
        own=found.asked_by == page.actor.by,
        tones=TONES,
    )


@router.get("/{approval}/approve")
def ask_to_approve(page: SignedIn, approval: ApprovalId) -> Response:
    page.demand(Right.APPROVE, what="the approving of an act")
    page.demand_proof()
    return _asked(page, approval, approve=True)


@router.post("/{approval}/approve")
def approve(page: SignedIn, approval: ApprovalId, reason: Reason = "") -> Response:
    page.demand(Right.APPROVE, what="the approving of an act")
    page.demand_proof()
    acts.decide(page.house, page.actor, approval, approve=True, reason=reason, now=page.now)
    return page.go(f"/approvals/{approval}", said="approved")


@router.get("/{approval}/refuse")
def ask_to_refuse(page: SignedIn, approval: ApprovalId) -> Response:
    page.demand(Right.APPROVE, what="the refusing of an act")
    return _asked(page, approval, approve=False)


@router.post("/{approval}/refuse")
def refuse(page: SignedIn, approval: ApprovalId, reason: Reason = "") -> Response:
    acts.decide(page.house, page.actor, approval, approve=False, reason=reason, now=page.now)
    return page.go(f"/approvals/{approval}", said="approval-refused")


def _asked(page: Page, approval_id: str, *, approve: bool) -> Response:
    found = _get(page, approval_id)
    word = "Approve" if approve else "Refuse"
    return page.show(
        "approval_decide.html",
        title=f"{word}: {found.act}",
        approval=found,
        look=acts.look(found),
        approve=approve,
        word=word,
    )


def _get(page: Page, approval_id: str) -> Approval:
    with page.house.database.read() as tx:
        return acts.get(tx, approval_id)
