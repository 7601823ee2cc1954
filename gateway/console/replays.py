"""Replays: look first, then tell again what a partner turned down; and how far that has come."""

from typing import Annotated, Final

from fastapi import APIRouter, Form, Path, Query, Response

from gateway.acts import approvals
from gateway.acts import replays as acts
from gateway.api import cursor
from gateway.api.cursor import After
from gateway.api.parameters import CODE, PARTNER
from gateway.console.fields import Reason
from gateway.console.listing import A_PAGE, listed
from gateway.console.page import SignedIn
from gateway.identity.roles import Right
from gateway.views import replays as view
from gateway.views.replays import State

router = APIRouter(prefix="/replays")

TONES: Final = {
    State.WAITING: "hold",
    State.RUNNING: "wait",
    State.DONE: "good",
    State.CANCELLED: "plain",
}

ReplayId = Annotated[str, Path(pattern="^[0-9a-f]{12}$")]


@router.get("")
def every(page: SignedIn, after: After = None) -> Response:
    page.demand(Right.SEE, what="the replays")
    with page.house.database.read() as tx:
        found = view.every(tx, after=cursor.by_moment(after), at_most=A_PAGE + 1)
    return page.show(
        "replays.html",
        title="Replays",
        tones=TONES,
        **listed(found, view.key, after=after, at_most=A_PAGE),
    )


@router.get("/new")
def ask(
    page: SignedIn,
    partner: Annotated[str, Query(pattern=PARTNER)],
    code: Annotated[str, Query(pattern=f"^$|{CODE}")] = "",
) -> Response:
    page.demand(Right.RUN, what="what a replay would do")
    with page.house.database.read() as tx:
        preview = view.preview(tx, page.house, partner, code or None, now=page.now)
    return page.show(
        "replay_new.html",
        title=f"Tell {partner} again what it turned down?",
        preview=preview,
        reason_of=view.reason_of,
        alone_max=view.ALONE_MAX,
    )


@router.post("")
def start(
    page: SignedIn,
    partner: Annotated[str, Form(pattern=PARTNER)],
    code: Annotated[str, Form(pattern=f"^$|{CODE}")] = "",
    reason: Reason = "",
    begin: Annotated[str, Form(pattern="^(now|paused)$")] = "now",
) -> Response:
    begun = acts.start(
        page.house,
        page.actor,
        partner,
        code or None,
        reason=reason,
        now=page.now,
        paused=begin == "paused",
    )
    said = "replay-waits" if begun.state is State.WAITING else "replay-runs"
    return page.go(f"/replays/{begun.id}", said=said)


@router.get("/{replay}")
def one(page: SignedIn, replay: ReplayId) -> Response:
    page.demand(Right.SEE, what="a replay")
    with page.house.database.read() as tx:
        found = view.get(tx, replay)
        asked = approvals.waiting(tx, acts.ACT, partner=found.partner, subject=found.id)
    return page.show(
        "replay.html",
        title=f"Replay to {found.partner}",
        replay=found,
        approval=asked,
        tones=TONES,
        reason_of=view.reason_of,
    )


@router.get("/{replay}/cancel")
def ask_to_cancel(page: SignedIn, replay: ReplayId) -> Response:
    page.demand(Right.RUN, what="cancelling a replay")
    with page.house.database.read() as tx:
        found = view.get(tx, replay)
    return page.show(
        "replay_cancel.html", title=f"Cancel the replay to {found.partner}?", replay=found
    )


@router.post("/{replay}/cancel")
def cancel(page: SignedIn, replay: ReplayId, reason: Reason = "") -> Response:
    acts.cancel(page.house, page.actor, replay, reason=reason, now=page.now)
    return page.go(f"/replays/{replay}", said="replay-cancelled")
