"""Is anything stuck, and where? What needs a person, and a row a partner."""

from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from gateway.api.context import Here
from gateway.api.operators.acting import Acting, acting
from gateway.api.problems import described
from gateway.identity.roles import Right
from gateway.views import overview as view
from gateway.views.days import Mark
from outbox.batch import State
from schemas.batch import Lane as Kind

router = APIRouter(prefix="/overview", responses=described(401, 403, 422))

Sees = Annotated[Acting, acting(Right.SEE)]


class Shown(BaseModel):
    """Read from a view; ids are strings."""

    model_config = ConfigDict(from_attributes=True, coerce_numbers_to_str=True)


class Count(Shown):
    """`n` of them, or `more` than that: counting stops at a bound."""

    n: int
    more: bool


class Alarm(Shown):
    """What needs a person. `bad`: now; else soon. `path` is the page of the console on which it is
    repaired.
    """

    kind: str
    partner: str | None
    bad: bool
    sentence: str
    code: str | None
    path: str


class Flying(Shown):
    """The one batch of a lane that is not answered; `name` as people call it, such as a412."""

    id: str
    name: str
    number: int
    issue: int
    state: State
    attempts: int
    announcements: int
    withdrawals: int
    first_sent_at: datetime


class Trouble(Shown):
    since: datetime
    code: str | None


class Lane(Shown):
    """One lane. `announcements` and `withdrawals` wait in no batch; `in_batch` are in one that is
    in flight, or `arrived` and not applied yet.
    """

    kind: Kind
    state: str = Field(description="open, paused or failing.")
    paused_by: str | None
    paused_at: datetime | None
    pause_reason: str | None
    failures: int = Field(description="In a row.")
    trouble: Trouble | None
    next_try: datetime | None
    flying: Flying | None
    arrived: int
    announcements: Count
    withdrawals: Count
    in_batch: Count
    oldest: datetime | None
    last_success: datetime | None


class Day(Shown):
    day: date
    mark: Mark


class Row(Shown):
    """How one partner stands. `closed` is the code of why nothing may be announced now; `causes`
    counts what is blocked or refused by code.
    """

    partner: str
    country: str
    programme: str
    state: str = Field(description="failing, paused, closed or open.")
    closed: str | None
    pending: Count
    announcements: Count
    withdrawals: Count
    in_flight: Count
    unknown: int = Field(description="Batches of which nobody knows whether they arrived.")
    refused: Count
    blocked: Count
    held: int
    oldest: datetime | None
    last_success: datetime | None
    causes: dict[str, Count]
    lanes: list[Lane]
    days: list[Day] = Field(description="Thirty, UTC, the oldest first.")


class Overview(BaseModel):
    alarms: list[Alarm]
    partners: list[Row]


@router.get("")
def overview(here: Here, _actor: Sees) -> Overview:
    """Read what needs a person, the worst first, and how every partner stands."""
    with here.house.database.read() as tx:
        found = view.overview(tx, here.house, now=datetime.now(UTC))
    return Overview(
        alarms=[Alarm.model_validate(one) for one in found.alarms],
        partners=[Row.model_validate(one) for one in found.rows],
    )
