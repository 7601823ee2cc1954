"""Pushes, whoever sent them; and full lists that wait because they would remove too many."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field

from gateway import pushes
from gateway.acts import pushes as acts
from gateway.api.context import Context, Here
from gateway.api.idempotency import Key, once
from gateway.api.operators.acting import Approves, Sees
from gateway.api.operators.decision import Decision
from gateway.api.operators.listing import Listed
from gateway.api.problems import described
from gateway.api.source import push_wire
from gateway.api.source.push_wire import Plan, PushItem
from gateway.identity.roles import Right
from gateway.pushes import Kind, State
from gateway.views import pushes as view
from schemas.codes import CODES

router = APIRouter(prefix="/pushes", responses=described(401, 403, 422))

PushId = Annotated[str, Path(pattern="^[0-9a-f]{16}$")]


class ByCode(BaseModel):
    code: str
    lines: int


class PushShown(PushItem):
    """One push. `going` is what who releases it must type."""

    pushed_by: str = Field(description="The name of the token.")
    going: int
    plan: dict[str, Plan] | None
    rejected: list[ByCode]
    rejected_more: bool = Field(description="There are more than were counted by code.")


class PushList(BaseModel):
    items: list[PushItem]
    next: str | None


class RejectedLine(BaseModel):
    """A line that was not taken; its account is told with the right to see companies only."""

    line: int
    account: str | None
    code: str
    reason: str


class RejectedList(BaseModel):
    items: list[RejectedLine]
    next: str | None


class Release(Decision):
    gone: int = Field(ge=0, le=1 << 53, description="How many members would go, typed by a person.")


@router.get("")
def pushes_of_every_token(
    here: Here,
    _actor: Sees,
    listing: Listed,
    state: Annotated[State | None, Query(description="Only those in this state.")] = None,
    kind: Annotated[Kind | None, Query(description="Only of this kind.")] = None,
) -> PushList:
    """List all pushes, the newest first; `waiting` ones need a second person."""
    start, at_most = listing.by_moment(), listing.limit + 1
    with here.house.database.read() as tx:
        found = pushes.every(tx, state=state, kind=kind, after=start, at_most=at_most)
    shown, following = listing.cut(found, pushes.key)
    return PushList(items=[push_wire.item(push) for push in shown], next=following)


@router.get("/{push}", responses=described(404))
def one_push(push: PushId, here: Here, _actor: Sees) -> PushShown:
    """Read one push: what was taken and rejected, and what each partner would hear of it."""
    return _shown(here, push)


@router.get("/{push}/rejections", responses=described(404))
def rejected_lines(push: PushId, here: Here, actor: Sees, listing: Listed) -> RejectedList:
    """List the lines that were not taken, in their order. They are kept for 7 days."""
    [first] = listing.start(int) or [0]
    with here.house.database.read() as tx:
        pushes.any_of(tx, push)
        rows = pushes.rejections(tx, push, after=int(first), limit=listing.limit + 1)
    shown, following = listing.cut(rows, lambda row: (row.n,))
    whole = actor.may(Right.SEE_COMPANIES)
    items = [
        RejectedLine(
            line=row.line,
            account=row.account if whole else None,
            code=row.code,
            reason=CODES[row.code].title,
        )
        for row in shown
    ]
    return RejectedList(items=items, next=following)


@router.post("/{push}/release", response_model=PushShown, responses=described(404, 409, 503))
def release_a_push(
    push: PushId,
    asked: Release,
    request: Request,
    here: Here,
    actor: Approves,
    key: Key = None,
) -> Response:
    """Let a waiting full list in, as the second person; never what one's own token pushed."""

    def act() -> PushShown:
        now = datetime.now(UTC)
        acts.release(here.house, actor, push, gone=asked.gone, reason=asked.reason, now=now)
        return _shown(here, push)

    return once(here, actor.caller, request, key, asked, act)


@router.post("/{push}/refuse", response_model=PushShown, responses=described(404, 409, 503))
def refuse_a_push(
    push: PushId,
    decision: Decision,
    request: Request,
    here: Here,
    actor: Approves,
    key: Key = None,
) -> Response:
    """Give up a waiting full list: nothing of it is taken."""

    def act() -> PushShown:
        now = datetime.now(UTC)
        acts.refuse(here.house, actor, push, reason=decision.reason, now=now)
        return _shown(here, push)

    return once(here, actor.caller, request, key, decision, act)


def _shown(here: Context, push_id: str) -> PushShown:
    with here.house.database.read() as tx:
        found = view.one(tx, here.house, push_id)
    told = found.push.report or {}
    return PushShown(
        **push_wire.item(found.push).model_dump(),
        pushed_by=found.pushed_by,
        going=found.going,
        plan=told.get("plan"),
        rejected=[ByCode(code=code, lines=lines) for code, lines in found.rejected],
        rejected_more=found.rejected_more,
    )
