"""Approvals: what waits for a second person?"""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Response

from gateway.acts import approval_words
from gateway.acts import approvals as acts
from gateway.acts.approvals import Approval, State
from gateway.api import cursor
from gateway.api.cursor import After
from gateway.console.fields import Reason
from gateway.console.listing import A_PAGE, listed
from gateway.console.page import Page, SignedIn
from gateway.identity import approval_word
from gateway.identity.roles import Right

router = APIRouter(prefix="/approvals")

TONES: Final = {State.WAITING: "hold", State.APPROVED: "good", State.REFUSED: "plain"}

ApprovalId = Annotated[str, Path(pattern="^[0-9a-f]{12}$")]


@router.get("")
def every(
    page: SignedIn,
    state: Annotated[str, Query(pattern=f"^$|^({'|'.join(State)})$")] = "",
    after: After = None,
) -> Response:
    page.demand(Right.SEE, what="the approvals")
    start, only = cursor.by_moment(after), State(state) if state else None
    with page.house.database.read() as tx:
        found = acts.every(tx, state=only, after=start, at_most=A_PAGE + 1)
    return page.show(
        "approvals.html",
        title="Approvals",
        state=state,
        states=list(State),
        tones=TONES,
        **listed(found, acts.key, after=after, at_most=A_PAGE),
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


@router.post("/{approval}/word")
def give_word(page: SignedIn, approval: ApprovalId) -> Response:
    """The one page that shows it: it is no redirect, so that no address has it."""
    page.demand(Right.APPROVE, what="a word to decide with at the shell")
    page.demand_proof()
    word = approval_words.give(page.house, page.actor, approval, now=page.now)
    return page.show(
        "approval_word.html",
        title="A word for the shell",
        approval=_get(page, approval),
        word=word,
        name=page.actor.by,
        until=page.now + approval_word.LIFE,
    )


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
