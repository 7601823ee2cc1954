"""Pull: a partner fetches our batches.

GET /batches/next -> the file -> POST /receipts -> GET /batches/next -> the next one, or 204
"""

import asyncio
import time
from base64 import b64encode
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from gateway.api import cursor
from gateway.api.context import Here
from gateway.api.cursor import After, Limit
from gateway.api.partner.identity import Partner
from gateway.api.problems import described
from outbox import handing_over, worker_name
from outbox.handing_over import Busy, Handed
from outbox.transport import MEDIA_TYPE
from schemas.batch import Lane
from schemas.errors import BadRequest

router = APIRouter(responses=described(401, 422, 503))

LOOK_SECONDS = 0.5
BUSY_SECONDS = 3  # so long one waits for another who works the lane; longer if asked to

_FIELDS = {
    "Content-Digest": "The SHA-256 of the file (RFC 9530), as its receipt must name it.",
    "MRX-Lane": "urgent or routine.",
    "MRX-Epoch": "The life of the lane in which the number counts.",
    "MRX-Number": "The number of the batch.",
    "MRX-Issue": "The issue; a later one replaces the earlier.",
}
_NEXT: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The batch: a CMS file. The same bytes come again until its receipt does.",
        "headers": {
            name: {"description": line, "schema": {"type": "string"}}
            for name, line in _FIELDS.items()
        },
        "content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    },
    204: {"description": "Nothing is due now."},
}


@router.get("/batches/next", responses=_NEXT, response_class=Response)
async def next_batch(
    request: Request,
    here: Here,
    partner: Partner,
    lane: Annotated[Lane | None, Query(description="Only this lane; none: urgent first.")] = None,
    wait: Annotated[
        int, Query(ge=0, le=60, description="Wait up to so many seconds for one to be due.")
    ] = 0,
) -> Response:
    """Fetch the batch that waits for its receipt, or the next one. Send the receipt to /receipts."""
    began = time.monotonic()
    kinds = handing_over.BOTH if lane is None else (lane,)
    while not await request.is_disconnected():  # nothing is claimed for one who has gone
        found = await run_in_threadpool(
            handing_over.next_batch,
            here.house,
            partner,
            worker=f"{worker_name.own()}/pull",
            kinds=kinds,
        )
        if isinstance(found, Handed):
            return Response(found.file, media_type=MEDIA_TYPE, headers=_headers(found))
        patience = wait if found is None else max(wait, BUSY_SECONDS)
        left = began + patience - time.monotonic()
        if left <= 0 or here.stopping.is_set():
            if isinstance(found, Busy):
                raise BadRequest("MRX-5021")
            break
        await asyncio.sleep(min(LOOK_SECONDS, left))
    return Response(status_code=204)


class Told(BaseModel):
    """One batch of ours, as far as it concerns who was sent it. Counts are of its newest issue."""

    lane: Literal["urgent", "routine"]
    epoch: str
    number: int
    issue: int
    digest: str = Field(description="The SHA-256 of the newest issue's file, hex.")
    state: Literal["sealed", "sending", "unknown", "received", "settled", "refused"]
    sealed_at: datetime
    announcements: int
    withdrawals: int


class ToldList(BaseModel):
    items: list[Told]
    next: str | None


@router.get("/batches")
def batches(
    request: Request,
    response: Response,
    here: Here,
    partner: Partner,
    after: After = None,
    limit: Limit = 100,
) -> ToldList:
    """List what you were sent, oldest first: numbers, digests and states, no content."""
    key: Any = cursor.read(after, str, str, int)  # the number, which is no secret of others
    with here.house.database.read() as tx:
        try:
            found = handing_over.told(tx, partner, after=key, limit=limit + 1)
        except BadRequest as unknown:
            raise BadRequest("MRX-7003", field="after") from unknown
    shown, more = cursor.cut(found, limit, lambda one: (one.lane, one.epoch, one.number))
    response.headers.update(cursor.link(request, more))
    names = Told.model_fields
    items = [Told(**{name: getattr(row, name) for name in names}) for row in shown]
    return ToldList(items=items, next=more)


def _headers(found: Handed) -> dict[str, str]:
    batch = found.batch
    return {
        "Content-Digest": f"sha-256=:{b64encode(sha256(found.file).digest()).decode()}:",
        "Cache-Control": "no-store",
        "MRX-Lane": batch.lane,
        "MRX-Epoch": batch.epoch,
        "MRX-Number": str(batch.number),
        "MRX-Issue": str(batch.issue),
    }
