"""Batches: what left or is on its way; and what happened to one."""

from typing import Annotated

from fastapi import APIRouter, Form, Path, Query, Response
from fastapi.responses import StreamingResponse

from gateway import evidence_file
from gateway.acts import batches as acts
from gateway.api import cursor
from gateway.api.cursor import After
from gateway.console.fields import OnlyPartner
from gateway.console.listing import A_PAGE
from gateway.console.page import Page, SignedIn
from gateway.identity.roles import Right
from gateway.views import batch_story, comparison
from gateway.views import batches as view
from gateway.views.batch_story import LEFT_OUT, OPEN
from outbox.batch import State
from partners import agreements
from schemas.batch import Lane

router = APIRouter(prefix="/batches")

NOTICES = 100
SHOWN = 200  # of a comparison, on each side
FIRST_SHOWN = ("refused", LEFT_OUT, OPEN)  # whichever there are
TONES = {
    State.SEALED: "wait",
    State.SENDING: "wait",
    State.UNKNOWN: "warn",
    State.RECEIVED: "wait",
    State.SETTLED: "good",
    State.REFUSED: "bad",
}
SAYINGS = {
    State.SEALED: "waits to be sent again",
    State.SENDING: "is being sent, or was when a process ended",
    State.UNKNOWN: "was sent, and nobody knows whether it arrived",
    State.RECEIVED: "arrived; the partner has still to apply it",
    State.SETTLED: "was applied, and is confirmed",
    State.REFUSED: "was refused as a whole; its notices wait as a failure",
}

BatchId = Annotated[int, Path(ge=1, lt=1 << 63)]
AnyLane = Annotated[str, Query(pattern=f"^$|^({'|'.join(Lane)})$")]
AnyState = Annotated[str, Query(pattern=f"^$|^({'|'.join(State)})$")]
Ref = Annotated[str, Form(pattern="^[0-9A-Z]{12}$")]


@router.get("")
def every(
    page: SignedIn,
    partner: OnlyPartner = "",
    lane: AnyLane = "",
    state: AnyState = "",
    after: After = None,
) -> Response:
    page.demand(Right.SEE, what="the batches")
    key = cursor.read(after, int)
    with page.house.database.read() as tx:
        if partner:
            agreements.get(tx, partner)
        found = view.listed(
            tx,
            partner=partner or None,
            lane=Lane(lane) if lane else None,
            state=State(state) if state else None,
            before=None if key is None else int(key[0]),
            limit=A_PAGE,
        )
        partners = [one.agreement.partner for one in agreements.every(tx)]
    return page.show(
        "batches.html",
        title="Batches",
        found=found.batches,
        next=None if found.next is None else cursor.written(found.next),
        first=after is None,
        filters={"partner": partner, "lane": lane, "state": state},
        partners=partners,
        lanes=list(Lane),
        states=list(State),
        tones=TONES,
    )


@router.get("/{batch}")
def one(
    page: SignedIn,
    batch: BatchId,
    notices: Annotated[str, Query(pattern="^[a-z ]{0,20}$")] = "",
    after: After = None,
) -> Response:
    page.demand(Right.SEE, what="a batch")
    key = cursor.read(after, str)
    return _shown(page, batch, notices=notices, after=None if key is None else str(key[0]))


@router.post("/{batch}/retry")
def retry(page: SignedIn, batch: BatchId) -> Response:
    acts.retry(page.house, page.actor, batch, now=page.now)
    return page.go(f"/batches/{batch}", said="retried")


@router.post("/{batch}/evidence")
def evidence(page: SignedIn, batch: BatchId) -> Response:
    name, pieces = acts.evidence(page.house, page.actor, batch, now=page.now)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(pieces, media_type=evidence_file.MEDIA_TYPE, headers=headers)


@router.post("/{batch}/name")
def name(
    page: SignedIn, batch: BatchId, ref: Ref, why: Annotated[str, Form(max_length=100)] = ""
) -> Response:
    found = acts.name(page.house, page.actor, batch, ref, reason=why, now=page.now)
    return _shown(page, batch, named={ref: found}, only=ref)


@router.get("/{batch}/compare")
def compare(
    page: SignedIn, batch: BatchId, issue: Annotated[int | None, Query(ge=2, lt=1 << 31)] = None
) -> Response:
    page.demand(Right.SEE, what="two issues of a batch")
    with page.house.database.read() as tx:
        found = comparison.compare(tx, batch, issue)
    title = f"Batch {found.batch.partner} {found.batch.lane} {found.batch.number}: issues compared"
    return page.show("comparison.html", title=title, found=found, shown=SHOWN)


def _shown(
    page: Page,
    batch: int,
    *,
    notices: str = "",
    after: str | None = None,
    named: dict[str, str] | None = None,
    only: str | None = None,
) -> Response:
    with page.house.database.read() as tx:
        story = batch_story.story(tx, batch, now=page.now)
        wanted = notices or next((one for one in FIRST_SHOWN if one in story.outcomes), "all")
        some = batch_story.notices(
            tx,
            batch,
            outcome=None if wanted == "all" or only else wanted,
            ref=only,
            after=after,
            limit=NOTICES + 1,
        )
    of = story.batch
    return page.show(
        "batch.html",
        title=f"Batch {of.partner} {of.lane} {of.number}",
        story=story,
        batch=of,
        tones=TONES,
        saying=SAYINGS[of.state],
        wanted=wanted,
        notices=some[:NOTICES],
        next=cursor.written(some[NOTICES - 1].ref) if len(some) > NOTICES else None,
        first=after is None,
        named=named or {},
        only=only,
        why_look=tuple(acts.WHY_LOOK.values()),
        open=of.state in acts.OPEN,
        sides=[one.issue for one in story.branches if one.issue > 1],
    )
