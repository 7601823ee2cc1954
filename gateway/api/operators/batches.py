"""Our batches: what left or is on its way, what happened to one, and what proves it."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from gateway import evidence_file
from gateway.acts import batches as acts
from gateway.api import cursor
from gateway.api.context import Here
from gateway.api.idempotency import Key, once
from gateway.api.operators.acting import Acting, Exports, Looks, Runs, Sees
from gateway.api.operators.batch_story import (
    Batch,
    BatchList,
    BatchNotice,
    BatchNoticeList,
    Compared,
    Issue,
    Looked,
    Named,
    NextTry,
    Said,
    TimeLine,
)
from gateway.api.operators.listing import Listed
from gateway.api.parameters import OnlyPartner
from gateway.api.problems import described
from gateway.identity.roles import Right
from gateway.views import batch_story, comparison
from gateway.views import batches as view
from gateway.views.batch_story import Branch, Story
from gateway.views.masking import masked
from outbox import batch as batches
from outbox.batch import State
from outbox.witness import Told
from schemas.batch import Lane

router = APIRouter(prefix="/batches", responses=described(401, 403, 422))

BatchId = Annotated[
    str, Path(pattern="^[1-9][0-9]{0,17}$", examples=["7"], description="As the list gives it.")
]


@router.get("")
def our_batches(
    here: Here,
    _actor: Sees,
    listing: Listed,
    partner: OnlyPartner = None,
    lane: Annotated[Lane | None, Query(description="Only of this lane.")] = None,
    state: Annotated[State | None, Query(description="Only those in this state.")] = None,
) -> BatchList:
    """List our batches, the newest first."""
    key = listing.start(int)
    with here.house.database.read() as tx:
        found = view.listed(
            tx,
            partner=partner,
            lane=lane,
            state=state,
            before=None if key is None else int(key[0]),
            limit=listing.limit,
        )
    following = listing.leads(None if found.next is None else cursor.written(found.next))
    return BatchList(items=[_batch(one) for one in found.batches], next=following)


@router.get("/{id}", responses=described(404))
def one_batch(
    id: BatchId,  # noqa: A002  # its name in the address
    here: Here,
    _actor: Sees,
) -> TimeLine:
    """Read the time line of a batch: its issues, attempts, receipts, and the next attempt."""
    with here.house.database.read() as tx:
        story = batch_story.story(tx, int(id), now=datetime.now(UTC))
    return _time_line(story)


@router.get("/{id}/notices", responses=described(404))
def notices_of_a_batch(
    id: BatchId,  # noqa: A002
    here: Here,
    actor: Sees,
    listing: Listed,
    outcome: Annotated[
        str | None,
        Query(
            pattern="^(held|refused|withdrawn|left out|no answer yet)$", description="Only these."
        ),
    ] = None,
) -> BatchNoticeList:
    """List the notices of a batch by reference; `left out` are those its newest issue drops."""
    key = listing.start(str)
    with here.house.database.read() as tx:
        batches.get(tx, int(id))
        found = batch_story.notices(
            tx,
            int(id),
            outcome=outcome,
            after=None if key is None else str(key[0]),
            limit=listing.limit + 1,
        )
    shown, following = listing.cut(found, lambda one: (one.ref,))
    items = [
        BatchNotice.model_validate({**asdict(one), "account": _account(actor, one.account)})
        for one in shown
    ]
    return BatchNoticeList(items=items, next=following)


@router.post("/{id}/notices/{ref}/name", responses=described(404))
def name_behind_a_notice(
    id: BatchId,  # noqa: A002
    ref: Annotated[str, Path(pattern="^[0-9A-Z]{12}$", examples=["7ZKQ3M9RTW4R"])],
    looked: Looked,
    here: Here,
    actor: Looks,
) -> Named:
    """Show the name of the member that a notice is about; that it was shown stands in the ledger."""
    why = acts.WHY_LOOK[looked.why]
    found = acts.name(here.house, actor, int(id), ref, reason=why, now=datetime.now(UTC))
    return Named(ref=ref, name=found)


@router.get("/{id}/comparison", responses=described(404))
def two_issues_compared(
    id: BatchId,  # noqa: A002
    here: Here,
    actor: Sees,
    issue: Annotated[
        int | None, Query(ge=2, lt=1 << 31, description="This one; without it, the newest.")
    ] = None,
) -> Compared:
    """Compare an issue of a batch with the one before."""
    with here.house.database.read() as tx:
        found = comparison.compare(tx, int(id), issue)
    return Compared(
        issue=found.issue,
        left=[_said(actor, one) for one in found.left],
        came=[_said(actor, one) for one in found.came],
        changed=[_said(actor, one) for one in found.changed],
        same=found.same,
    )


@router.post("/{id}/retry", response_model=Batch, responses=described(404, 409, 503))
def retry_a_batch(
    id: BatchId,  # noqa: A002
    request: Request,
    here: Here,
    actor: Runs,
    key: Key = None,
) -> Response:
    """Have an unanswered batch tried now: its lane looks at once."""

    def tried() -> Batch:
        return _batch(acts.retry(here.house, actor, int(id), now=datetime.now(UTC)))

    return once(here, actor.caller, request, key, None, tried)


@router.post(
    "/{id}/evidence",
    response_class=StreamingResponse,
    responses={
        200: {"content": {evidence_file.MEDIA_TYPE: {}}, "description": "The file."},
        **described(404, 503),
    },
)
def evidence_of_a_batch(
    id: BatchId,  # noqa: A002
    here: Here,
    actor: Exports,
) -> StreamingResponse:
    """Take the evidence of a batch as one ZIP file. It is an act, and stands in the ledger."""
    name, pieces = acts.evidence(here.house, actor, int(id), now=datetime.now(UTC))
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(pieces, media_type=evidence_file.MEDIA_TYPE, headers=headers)


def _batch(one: batches.Batch) -> Batch:
    return Batch.model_validate({**asdict(one), "id": str(one.id)})


def _time_line(story: Story) -> TimeLine:
    return TimeLine(
        batch=_batch(story.batch),
        issues=[Issue.model_validate(_issue(one)) for one in story.branches],
        unshown=story.unshown,
        next_try=None if story.next_try is None else NextTry(**asdict(story.next_try)),
        outcomes=dict(story.outcomes),
    )


def _issue(one: Branch) -> dict[str, Any]:
    facts = asdict(one)
    return {**facts, "left_out": dict(one.left_out)}


def _said(actor: Acting, one: Told) -> Said:
    return Said(ref=one.ref, account=_account(actor, one.account), version=one.version)


def _account(actor: Acting, account: str) -> str:
    return account if actor.may(Right.SEE_COMPANIES) else masked(account)
