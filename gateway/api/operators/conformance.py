"""Conformance with a partner: our side over invented members, and the way to it."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from gateway.acts import conformance
from gateway.api.context import Here
from gateway.api.operators.acting import Acting, acting
from gateway.api.operators.overview import Sees
from gateway.api.operators.partners import Code
from gateway.api.problems import described
from gateway.identity.roles import Right
from schemas.errors import BadRequest

router = APIRouter(prefix="/partners", responses=described(401, 403, 422))

Engineers = Annotated[Acting, acting(Right.ENGINEER)]


class Check(BaseModel):
    """What one check found; `next` is what to do about it."""

    name: str
    result: Literal["ok", "failed", "not run"]
    sentence: str
    next: str | None


class Report(BaseModel):
    """What the last run found. It holds no member."""

    partner: str
    format: str
    address: str | None = Field(description="Null: they fetch and push by themselves.")
    at: datetime
    by: str
    well: bool
    samples: int = Field(description="How many invented members were tried.")
    said: int = Field(description="How many of them their format can say.")
    losses: list[str] = Field(description="What it cannot say, each case with its code.")
    checks: list[Check]


@router.get("/{partner}/conformance", responses=described(404))
def last_conformance_report(partner: Code, here: Here, _actor: Sees) -> Report:
    """Read what the last conformance run found; 404 if there was none."""
    with here.house.database.read() as tx:
        found = conformance.last(tx, partner)
    if found is None:
        raise BadRequest("MRX-7004")
    return Report.model_validate(found.facts())


@router.post("/{partner}/conformance", responses=described(404, 503))
def run_conformance(partner: Code, here: Here, actor: Engineers) -> Report:
    """Run conformance now, within a minute: no real member is in it, and the report is kept."""
    found = conformance.run(here.house, actor, partner, clock=lambda: datetime.now(UTC))
    return Report.model_validate(found.facts())
