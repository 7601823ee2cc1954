"""One member's status now, for a partner that may know it.

Whoever may not know and whoever asks for nobody get the same: the same fields, as many bytes, no
sooner. What may be known is decided by `outbox.release.answer`.
"""

import asyncio
import time
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from gateway.api.context import Context, Here
from gateway.api.partner.identity import Partner
from gateway.api.problems import described
from outbox import release
from outbox.release import Known
from schemas.errors import BadIdentifier
from schemas.identifiers import SCHEMES, Identifier, identifier
from schemas.status import Status

router = APIRouter(responses=described(401, 422, 503))

ANSWER_BYTES = 256  # every answer has as many: JSON may end in spaces


class StatusNow(BaseModel):
    """One member now; `known` is false, and the rest null, for whatever may not be answered."""

    known: bool
    ref: str | None = Field(description="The reference under which you were told of the member.")
    status: Status | None
    as_of: datetime


@router.get("/status", response_model=StatusNow)
async def status(
    here: Here,
    partner: Partner,
    scheme: Annotated[str, Query(pattern=f"^({'|'.join(SCHEMES)})$", examples=["MID"])],
    value: Annotated[str, Query(min_length=1, max_length=64, description="The identifier.")],
) -> Response:
    """Ask for one member's status by an identifier. Only of members you have been told of, while
    their consent stands; an identifier that several of them share is answered as not known.
    """
    began, now = time.monotonic(), datetime.now(UTC)
    known = await run_in_threadpool(_ask, here, partner, _identifier(scheme, value), now)
    answer = StatusNow(
        known=known is not None,
        ref=None if known is None else known.ref,
        status=None if known is None else known.status,
        as_of=now.replace(microsecond=0),
    )
    body = answer.model_dump_json().encode().ljust(ANSWER_BYTES)
    # Finding somebody takes a little longer than finding nobody. Nobody sees that from outside.
    await asyncio.sleep(began + here.settings.status_answer_seconds - time.monotonic())
    return Response(body, media_type="application/json", headers={"Cache-Control": "no-store"})


def _ask(here: Context, partner: str, asked: Identifier | None, now: datetime) -> Known | None:
    with here.house.database.write(partner=partner) as tx:
        return release.answer(tx, here.house, partner, asked, now=now)


def _identifier(scheme: str, value: str) -> Identifier | None:
    try:
        return identifier(scheme, value)
    except BadIdentifier:
        return None  # it can be nobody's
