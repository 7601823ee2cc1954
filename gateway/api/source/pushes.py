"""Pushing members and consents.

body --push_body--> spool --idempotency key--> gateway.taking --push_wire--> the report
"""

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response

from gateway import taking
from gateway.api import problems
from gateway.api.caller import Caller
from gateway.api.context import Context, Here
from gateway.api.idempotency import Key, once
from gateway.api.problems import described
from gateway.api.source import push_body, push_call
from gateway.api.source.push_body import Arrived
from gateway.api.source.push_call import AsOf, ContentDigest, DryRun, Pusher
from gateway.api.source.push_wire import Push
from gateway.pushes import Kind, Pushed
from schemas.errors import BadRecord, BadRequest

router = APIRouter()

Mode = Annotated[
    Literal["delta", "snapshot"],
    Query(description="Changes, or a full list whose missing members are withdrawn."),
]
NoMode = Annotated[Literal["delta"], Query(description="Consent events are changes by nature.")]
Account = Annotated[str, Path(pattern=r"^[0-9]{5,9}$", description="5 to 9 digits.")]

_RESPONSES = described(400, 401, 403, 409, 413, 415, 422, 503)
_RESPONSES[409] = _RESPONSES[409] | {
    "description": "MRX-7013: the full list waits for approval; `push` is the push, with its plan. "
    "MRX-7007, MRX-7008: the Idempotency-Key."
}


@router.post("/members", response_model=Push, responses=_RESPONSES, openapi_extra=push_body.LINES)
async def members(  # a parameter each
    request: Request,
    here: Here,
    caller: Pusher,
    *,
    mode: Mode = "delta",
    as_of: AsOf = None,
    dry_run: DryRun = False,
    content_digest: ContentDigest = None,
    key: Key = None,
) -> Response:
    """Push members: one JSON object a line, or CSV; gzip is taken.

    Bad lines are reported by number and code, the rest is taken. The same push twice changes
    nothing. A full list that would withdraw too many waits for another token's approval. A dry
    run answers what each partner would hear.
    """
    call = _Call(request, here, caller, Kind.MEMBERS, mode, as_of, dry_run, key)
    return await call.answer(await call.body(content_digest))


@router.post("/consents", response_model=Push, responses=_RESPONSES, openapi_extra=push_body.LINES)
async def consents(  # a parameter each
    request: Request,
    here: Here,
    caller: Pusher,
    *,
    mode: NoMode = "delta",
    as_of: AsOf = None,
    dry_run: DryRun = False,
    content_digest: ContentDigest = None,
    key: Key = None,
) -> Response:
    """Push consent events: what officers granted and revoked; one JSON object a line, or CSV.

    What is revoked is withdrawn at once, everywhere it may have been told. A grant later than
    `as_of` is rejected.
    """
    call = _Call(request, here, caller, Kind.CONSENTS, mode, as_of, dry_run, key)
    return await call.answer(await call.body(content_digest))


@router.put(
    "/members/{account}",
    response_model=Push,
    responses=described(400, 401, 403, 409, 413, 415, 422, 503),
    openapi_extra=push_body.ONE_MEMBER,
)
async def member(  # a parameter each
    request: Request,
    here: Here,
    caller: Pusher,
    account: Account,
    *,
    as_of: AsOf = None,
    dry_run: DryRun = False,
    content_digest: ContentDigest = None,
    key: Key = None,
) -> Response:
    """Push one member. What is wrong with it is the problem's code."""
    call = _Call(request, here, caller, Kind.MEMBERS, "delta", as_of, dry_run, key)
    return await call.answer(await call.member(content_digest, account), alone=True)


class _Call:
    """One push on its way in."""

    def __init__(  # what a push is made of
        self,
        request: Request,
        here: Context,
        caller: Caller,
        kind: Kind,
        mode: str,
        as_of: datetime | None,
        dry_run: bool,  # noqa: FBT001
        key: str | None,
    ) -> None:
        self._request, self._here, self._caller, self._key = request, here, caller, key
        self._kind, self._mode, self._dry_run = kind, mode, dry_run
        self._now = datetime.now(UTC)
        self._as_of = as_of or self._now
        if self._as_of > self._now:
            raise BadRecord("MRX-1205")

    async def body(self, content_digest: str | None) -> Arrived:
        bytes_max = self._here.settings.push_bytes_max
        return await push_body.arrived(
            self._request, self._here.house, content_digest=content_digest, bytes_max=bytes_max
        )

    async def member(self, content_digest: str | None, account: str) -> Arrived:
        return await push_body.one_member(
            self._request, self._here.house, account, content_digest=content_digest
        )

    async def answer(self, body: Arrived, *, alone: bool = False) -> Response:
        """The push's report; `alone`: the only line is the push, and its fault a problem."""

        def act() -> Push | Response:
            taking.take(self._here.house, self._push(body), body.file, now=self._now)
            push = push_call.told(self._here, self._caller, body.file.id)
            if push.state == "waiting":
                more = {"push": push.model_dump(mode="json")}
                return problems.of(BadRequest("MRX-7013"), more=more)
            if alone and push.rejections:
                raise BadRecord(push.rejections[0].code)
            return push

        def work() -> Response:
            return once(self._here, self._caller, self._request, self._key, body.sha256, act)

        try:
            return await push_call.in_turn(work)
        finally:
            body.file.remove()  # a repeated request did not take it

    def _push(self, body: Arrived) -> Pushed:
        return Pushed(
            id=body.file.id,
            token=self._caller.token,
            kind=self._kind,
            format=body.format,
            mode=self._mode,
            dry_run=self._dry_run,
            as_of=self._as_of,
            bytes=body.size,
            digest=body.sha256.hex(),
            received_at=self._now,
        )
