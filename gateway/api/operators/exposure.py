"""Exposure of a month, for operators' tools: figures of partners, and of no company."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field

from gateway.acts import statements
from gateway.api.context import Here
from gateway.api.operators.acting import Exports, Sees
from gateway.api.problems import described
from gateway.views import exposure as view
from outbox.transport import MEDIA_TYPE

router = APIRouter(prefix="/exposure", responses=described(401, 403, 422))


class PartnerExposed(BaseModel):
    """One partner's month, which begins and ends in its agreement's time zone."""

    partner: str
    time_zone: str
    since: datetime
    until: datetime
    members: int
    minutes: int
    longest_minutes: int
    open: int = Field(description="How many had not ended.")
    minutes_outside: int = Field(description="Of the minutes, on days off there.")
    by_cause: dict[str, int]
    monthly_members: int
    monthly_minutes: int = Field(description="What one list a month would have left.")


class Exposed(BaseModel):
    """For how long members that had lost their benefits could still have had them. `definitions`
    say what is counted.
    """

    month: str
    made_at: datetime
    definitions: dict[str, str]
    partners: list[PartnerExposed]


@router.get("")
def exposure_of_a_month(
    here: Here,
    _actor: Sees,
    month: Annotated[
        str | None, Query(pattern=view.MONTH, description="YYYY-MM; the present one, in UTC.")
    ] = None,
) -> Exposed:
    """Read for how long members that had lost their benefits could still have had them."""
    now = datetime.now(UTC)
    which = view.month_of(month, now=now)
    with here.house.database.read() as tx:
        found = view.exposure(tx, which, now=now)
    return Exposed(
        month=found.month,
        made_at=found.made_at,
        definitions=dict(view.DEFINITIONS),
        partners=[PartnerExposed.model_validate(asdict(one)) for one in found.partners],
    )


@router.post(
    "/{month}/signed",
    response_class=Response,
    responses={
        200: {"content": {MEDIA_TYPE: {}}, "description": "The signed file."},
        **described(503),
    },
)
def signed_exposure_of_a_month(
    here: Here,
    actor: Exports,
    month: Annotated[str, Path(pattern=view.MONTH, examples=["2026-10"], description="YYYY-MM.")],
) -> Response:
    """Take the report of a month as a signed file. It is an act, and stands in the ledger."""
    now = datetime.now(UTC)
    signed = statements.report(here.house, actor, view.month_of(month, now=now), now=now)
    return Response(signed.file, media_type=MEDIA_TYPE)
