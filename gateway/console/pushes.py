"""Pushes: what did CBP's push do? And what would the one do that waits?"""

from typing import Annotated, Final

from fastapi import APIRouter, Form, Path, Query, Response

from gateway import pushes
from gateway.acts import pushes as acts
from gateway.api import cursor
from gateway.console.page import Page, SignedIn
from gateway.identity.roles import Right
from gateway.pushes import State
from gateway.views import pushes as view
from gateway.views.pushes import Shown
from schemas.errors import BadRequest
from schemas.tables import stored

router = APIRouter(prefix="/pushes")

A_PAGE: Final = 50
LINES: Final = 100
TONES: Final = {
    State.RUNNING: "wait",
    State.DONE: "good",
    State.WAITING: "hold",
    State.INTERRUPTED: "bad",
    State.DISCARDED: "plain",
}

PushId = Annotated[str, Path(pattern="^[0-9a-f]{16}$")]
Reason = Annotated[str, Form(max_length=2000)]


@router.get("")
def every(
    page: SignedIn,
    state: Annotated[str, Query(pattern=f"^$|^({'|'.join(State)})$")] = "",
    after: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    page.demand(Right.SEE, what="the pushes")
    key = cursor.read(after, int, str)
    start = None if key is None else (cursor.moment(key[0]), str(key[1]))
    with page.house.database.read() as tx:
        found = pushes.every(
            tx, state=State(state) if state else None, after=start, at_most=A_PAGE + 1
        )
    shown = found[:A_PAGE]
    last = shown[-1] if len(found) > A_PAGE else None
    return page.show(
        "pushes.html",
        title="Pushes",
        found=shown,
        state=state,
        states=list(State),
        next=None if last is None else cursor.written(stored(last.received_at), last.id),
        first=after is None,
        tones=TONES,
        going=acts.going,
    )


@router.get("/{push}")
def one(page: SignedIn, push: PushId) -> Response:
    page.demand(Right.SEE, what="a push")
    shown = _shown(page, push)
    return page.show("push.html", title=f"Push {push}", shown=shown, tones=TONES)


@router.get("/{push}/rejections")
def rejections(
    page: SignedIn, push: PushId, after: Annotated[str | None, Query(max_length=200)] = None
) -> Response:
    page.demand(Right.SEE, what="the rejections of a push")
    key = cursor.read(after, int)
    with page.house.database.read() as tx:
        pushes.any_of(tx, push)
        rows = pushes.rejections(tx, push, after=0 if key is None else int(key[0]), limit=LINES + 1)
    return page.show(
        "push_rejections.html",
        title=f"Rejected lines of push {push}",
        push=push,
        rows=rows[:LINES],
        next=cursor.written(rows[LINES - 1].n) if len(rows) > LINES else None,
        first=after is None,
        whole=page.may(Right.SEE_COMPANIES),
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
