"""Retention: what is kept how long, what of it is over its term, and erasing that by two persons."""

from typing import Final

from fastapi import APIRouter, Response

from gateway.acts import retention as acts
from gateway.console.fields import Reason
from gateway.console.page import SignedIn
from gateway.identity.roles import Right
from gateway.views import retention as view
from gateway.views.retention import Page
from outbox.retention_run import State

router = APIRouter(prefix="/retention")

TONES: Final = {State.RUNNING: "wait", State.WIPING: "wait", State.DONE: "good"}


@router.get("")
def retention(page: SignedIn) -> Response:
    page.demand(Right.SEE, what="the retention")
    return page.show(
        "retention.html",
        title="What is kept how long?",
        found=_found(page),
        tones=TONES,
        looked_at=view.LOOKED_AT,
    )


@router.get("/erase")
def ask_to_erase(page: SignedIn) -> Response:
    page.demand(Right.SECURE, what="erasing what is over its term")
    page.demand_proof()
    return page.show(
        "retention_erase.html", title="Erase what is over its term?", found=_found(page)
    )


@router.post("/erase")
def erase(page: SignedIn, reason: Reason = "") -> Response:
    page.demand(Right.SECURE, what="erasing what is over its term")
    page.demand_proof()
    asked = acts.ask(page.house, page.actor, reason=reason, now=page.now)
    return page.go(f"/approvals/{asked.id}", said="waits-for-second")


def _found(page: SignedIn) -> Page:
    with page.house.database.read() as tx:
        return view.retention(tx, page.house, now=page.now)
