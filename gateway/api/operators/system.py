"""Whether the gateway works: what it needs, a line each."""

import os
from datetime import UTC, datetime
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from gateway.api.context import Here
from gateway.api.operators.overview import Sees, Shown
from gateway.api.problems import described
from gateway.checkup.finding import Result
from gateway.views import system as view

router = APIRouter(prefix="/system", responses=described(401, 403, 422))


class Program(BaseModel):
    """Which program this is, and on what it runs. `schema` is the newest it knows."""

    mrx: str
    schema_: str = Field(alias="schema")
    python: str
    system: str


class Line(Shown):
    """One thing that is needed; `next` is what to do about it."""

    name: str
    result: Result
    sentence: str
    next: str | None
    known_at: datetime | None = Field(description="When this was so; null: never.")


class System(BaseModel):
    well: bool
    at: datetime
    program: Program
    lines: list[Line]


class Names(BaseModel):
    """Names of settings. No value of any."""

    given: list[str]
    default: list[str]


class Finding(BaseModel):
    step: str
    result: Result
    sentence: str
    next: str | None


class Diagnostics(BaseModel):
    """What whoever helps may be sent."""

    document: Literal["mrx-diagnostics/1"]
    made_at: datetime
    program: Program
    settings: Names
    findings: list[Finding]


@router.get("")
def whether_it_works(here: Here, _actor: Sees) -> System:
    """Read what the gateway needs, well or wrong. Nobody outside is asked for it."""
    found = view.system(here.house, here.settings, os.environ, now=datetime.now(UTC))
    return System(
        well=found.well,
        at=found.at,
        program=Program.model_validate(found.program),
        lines=[Line.model_validate(one) for one in found.lines],
    )


@router.get("/diagnostics")
def diagnostics(here: Here, _actor: Sees) -> Diagnostics:
    """Read the diagnostics file: findings, and names of settings."""
    now = datetime.now(UTC)
    return Diagnostics.model_validate(
        view.diagnosed(here.house, here.settings, os.environ, now=now)
    )
