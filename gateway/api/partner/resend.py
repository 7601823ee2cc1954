"""A partner has found a difference, and names the references: `POST /resend-requests`."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from gateway.api.context import Here
from gateway.api.partner.holdings import Ref
from gateway.api.partner.identity import Partner
from gateway.api.problems import described
from outbox import resending
from outbox.repair import VERSION_MAX
from schemas.batch import Lane

REFS_MAX = 10_000

router = APIRouter(responses=described(401, 422, 503))

_Refs = Annotated[list[Ref], Field(max_length=REFS_MAX)]
_Version = Annotated[int, Field(ge=1, le=VERSION_MAX)]


class Differing(BaseModel):
    """A reference that you hold otherwise than we expect, and your version of it."""

    model_config = ConfigDict(extra="forbid")

    ref: Ref
    version: _Version


class ResendRequest(BaseModel):
    """What you found. References that are not yours are passed over."""

    model_config = ConfigDict(extra="forbid")

    missing: _Refs = Field(default=[], description="We expect that you hold them; you do not.")
    differing: list[Differing] = Field(default=[], max_length=REFS_MAX)
    unknown: _Refs = Field(default=[], description="You hold them; we do not expect it.")
    withdrawn: _Refs = Field(
        default=[], description="We expect that you hold them; you know them as withdrawn."
    )
    lost_place: list[Lane] = Field(
        default=[], max_length=2, description="You do not know our last number of these lanes."
    )


class Resent(BaseModel):
    """What will be told again, what will be withdrawn, what is over here too; and the lanes that
    begin a new epoch. References that are not yours are not counted.
    """

    told_again: int = Field(ge=0)
    withdrawn: int = Field(ge=0)
    ended: int = Field(ge=0)
    epochs: list[Lane]


@router.post("/resend-requests")
def resend(asked: ResendRequest, here: Here, partner: Partner) -> Resent:
    """Have us repair what differs: told again where it still may be told, withdrawn where not.

    Asking again changes nothing more. What is repaired comes in later batches.
    """
    request = resending.Request(
        missing=asked.missing,
        differing={one.ref: one.version for one in asked.differing},
        unknown=asked.unknown,
        withdrawn=asked.withdrawn,
        lost_place=asked.lost_place,
    )
    with here.house.bell.after(), here.house.database.write() as tx:
        done = resending.resend(tx, here.house, partner, request, now=datetime.now(UTC))
    return Resent(
        told_again=done.told_again,
        withdrawn=done.withdrawn,
        ended=done.ended,
        epochs=list(done.epochs),
    )
