"""What became of pushes, and deciding those that wait."""

from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response

from gateway import pushes, taking
from gateway.api import cursor
from gateway.api.caller import also
from gateway.api.context import Here
from gateway.api.cursor import After, Limit
from gateway.api.idempotency import Key, once
from gateway.api.problems import described
from gateway.api.source import push_call, push_wire
from gateway.api.source.push_call import Approver, Looker, PushId
from gateway.api.source.push_wire import Push, PushPage, RejectionPage
from gateway.tokens import Scope

router = APIRouter()

OR_APPROVE = also(Scope.APPROVE)


@router.get("/pushes", responses=described(401, 403, 422), openapi_extra=OR_APPROVE)
def every(  # a parameter each
    request: Request,
    response: Response,
    here: Here,
    caller: Looker,
    *,
    after: After = None,
    limit: Limit = 100,
) -> PushPage:
    """List your pushes, the oldest first; with the scope `approve`, others' that wait too."""
    place = cursor.by_moment(after)
    with here.house.database.read() as tx:
        found = pushes.page(
            tx,
            token=caller.token,
            approves=Scope.APPROVE in caller.scopes,
            after=place,
            limit=limit,
        )
    following = cursor.written(*pushes.key(found[-1])) if len(found) == limit else None
    response.headers.update(cursor.link(request, following))
    return PushPage(items=[push_wire.item(push) for push in found], next=following)


@router.get(
    "/pushes/{push}",
    responses=described(401, 403, 404, 422),
    openapi_extra=OR_APPROVE,
)
def one(here: Here, caller: Looker, push: PushId) -> Push:
    """Look at a push. Another token's is as unknown as none, unless you may approve it."""
    return push_call.told(here, caller, push)


@router.get(
    "/pushes/{push}/rejections",
    responses=described(401, 403, 404, 422),
    openapi_extra=OR_APPROVE,
)
def rejections(  # a parameter each
    request: Request,
    response: Response,
    here: Here,
    caller: Looker,
    push: PushId,
    *,
    after: After = None,
    limit: Limit = 1000,
) -> RejectionPage:
    """List the lines that were not taken, in their order. They are kept for 7 days."""
    place = cursor.read(after, int)
    known = push_call.seen(here, caller, push)
    with here.house.database.read() as tx:
        first = 0 if place is None else int(place[0])
        found = pushes.rejections(tx, known.id, after=first, limit=limit)
    following = cursor.written(found[-1].n) if len(found) == limit else None
    response.headers.update(cursor.link(request, following))
    return RejectionPage(items=push_wire.rejections(found), next=following)


@router.post(
    "/pushes/{push}/approve", response_model=Push, responses=described(401, 403, 404, 409, 422, 503)
)
async def approve(
    request: Request, here: Here, caller: Approver, push: PushId, *, key: Key = None
) -> Response:
    """Let a waiting full list in. Nobody approves a push of their own (MRX-7014)."""

    def act() -> Push:
        waiting = push_call.seen(here, caller, push)
        taking.approve(here.house, waiting, by=caller.by, now=datetime.now(UTC))
        return push_call.told(here, caller, push)

    return await push_call.in_turn(lambda: once(here, caller, request, key, None, act))


@router.post(
    "/pushes/{push}/discard",
    response_model=Push,
    responses=described(401, 403, 404, 409, 422, 503),
    openapi_extra=OR_APPROVE,
)
def discard(
    request: Request, here: Here, caller: Looker, push: PushId, *, key: Key = None
) -> Response:
    """Give up a waiting full list: your own, or one you could approve."""

    def act() -> Push:
        waiting = push_call.seen(here, caller, push)
        taking.discard(here.house, waiting, by=caller.by, now=datetime.now(UTC))
        with here.house.database.read() as tx:
            # Not looked up as the caller: who discards another's push does not see it any more.
            return push_wire.whole(tx, pushes.get(tx, push, token=waiting.token, approves=False))

    return once(here, caller, request, key, None, act)
