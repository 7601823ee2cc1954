"""Pushes: what did CBP's push do? And what would the one do that waits?"""

from typing import Annotated, Final

from fastapi import APIRouter, Form, Path, Query, Response

from gateway import pushes
from gateway.acts import pushes as acts
from gateway.api import cursor
from gateway.api.cursor import After
from gateway.console.fields import Reason
from gateway.console.listing import A_PAGE, listed
from gateway.console.page import Page, SignedIn
from gateway.identity.roles import Right
from gateway.pushes import State
from gateway.taking import going
from gateway.views import pushes as view
from gateway.views.pushes import Shown
from schemas.errors import BadRequest

router = APIRouter(prefix="/pushes")

LINES: Final = 100
TONES: Final = {
    State.RUNNING: "wait",
    State.DONE: "good",
    State.WAITING: "hold",
    State.INTERRUPTED: "bad",
    State.DISCARDED: "plain",
}

PushId = Annotated[str, Path(pattern="^[0-9a-f]{16}$")]


@router.get("")
def every(
    page: SignedIn,
    state: Annotated[str, Query(pattern=f"^$|^({'|'.join(State)})$")] = "",
    after: After = None,
) -> Response:
    page.demand(Right.SEE, what="the pushes")
    start, only = cursor.by_moment(after), State(state) if state else None
    with page.house.database.read() as tx:
        found = pushes.every(tx, state=only, after=start, at_most=A_PAGE + 1)
    return page.show(
        "pushes.html",
        title="Pushes",
        state=state,
        states=list(State),
        tones=TONES,
        going=going,
        **listed(found, pushes.key, after=after, at_most=A_PAGE),
    )


@router.get("/{push}")
def one(page: SignedIn, push: PushId) -> Response:
    page.demand(Right.SEE, what="a push")
    shown = _shown(page, push)
    return page.show("push.html", title=f"Push {push}", shown=shown, tones=TONES)


@router.get("/{push}/rejections")
def rejections(page: SignedIn, push: PushId, after: After = None) -> Response:
    page.demand(Right.SEE, what="the rejections of a push")
    [line] = cursor.read(after, int) or [0]
    with page.house.database.read() as tx:
        pushes.any_of(tx, push)
        rows = pushes.rejections(tx, push, after=int(line), limit=LINES + 1)
    return page.show(
        "push_rejections.html",
        title=f"Rejected lines of push {push}",
        push=push,
        whole=page.may(Right.SEE_COMPANIES),
        **listed(rows, lambda row: (row.n,), after=after, at_most=LINES),
    )


@router.get("/{push}/release")
def ask_to_release(page: SignedIn, push: PushId) -> Response:
    page.demand(Right.APPROVE, what="the releasing of a push")
    page.demand_proof()
    return page.show("push_release.html", title="Release a push", shown=_waiting(page, push))


@router.post("/{push}/release")
def release(
    page: SignedIn,
    push: PushId,
    gone: Annotated[str, Form(max_length=20)] = "",
    reason: Reason = "",
) -> Response:
    if page.may(Right.APPROVE):  # else the act refuses it, and keeps that it was tried
        page.demand_proof()
    typed = int(gone) if gone.isdecimal() else -1
    acts.release(page.house, page.actor, push, gone=typed, reason=reason, now=page.now)
    return page.go(f"/pushes/{push}", said="push-released")


@router.get("/{push}/refuse")
def ask_to_refuse(page: SignedIn, push: PushId) -> Response:
    page.demand(Right.APPROVE, what="the refusing of a push")
    return page.show("push_refuse.html", title="Refuse a push", shown=_waiting(page, push))


@router.post("/{push}/refuse")
def refuse(page: SignedIn, push: PushId, reason: Reason = "") -> Response:
    acts.refuse(page.house, page.actor, push, reason=reason, now=page.now)
    return page.go(f"/pushes/{push}", said="push-refused")


def _shown(page: Page, push_id: str) -> Shown:
    with page.house.database.read() as tx:
        return view.one(tx, page.house, push_id)


def _waiting(page: Page, push_id: str) -> Shown:
    shown = _shown(page, push_id)
    if shown.push.state is not State.WAITING:
        raise BadRequest("MRX-7015", state=shown.push.state.value)
    return shown
