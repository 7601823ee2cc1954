"""When people at a partner work, as a partner engineer keeps it."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field, StringConstraints

from gateway.acts import terms
from gateway.api.context import Here
from gateway.api.operators.acting import Acting, acting
from gateway.api.operators.decision import Decision
from gateway.api.operators.partners import Calendar, Code
from gateway.api.problems import described
from gateway.identity.roles import Right
from gateway.views import calendar as view
from schemas.calendar import HOLIDAYS_MAX

router = APIRouter(prefix="/partners", responses=described(401, 403, 422))

Engineers = Annotated[Acting, acting(Right.ENGINEER)]
# Text, because a number would be taken for seconds since 1970.
Day = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"),
    Field(json_schema_extra={"format": "date"}),
]
Weekday = Annotated[int, Field(ge=1, le=7, strict=True)]


class NewCalendar(Decision):
    """The whole calendar, in the place of the one that is kept."""

    time_zone: str = Field(
        pattern=r"^[A-Za-z0-9_+/-]{1,60}$",
        examples=["Asia/Taipei"],
        description="A name of the IANA database.",
    )
    working_days: list[Weekday] = Field(
        max_length=7, examples=[[1, 2, 3, 4, 5]], description="ISO: Monday is 1, Sunday 7."
    )
    holidays: list[Day] = Field(
        max_length=HOLIDAYS_MAX, examples=[["2026-10-09"]], description="All of them."
    )


@router.put("/{partner}/calendar", responses=described(404, 503))
def keep_a_calendar(partner: Code, asked: NewCalendar, here: Here, actor: Engineers) -> Calendar:
    """Say when their people work. It explains waiting in reports, and stops no clock."""
    new: terms.Terms = {
        "time_zone": asked.time_zone,
        "working_days": sorted(set(asked.working_days)),
        "holidays": sorted(set(asked.holidays)),
    }
    now = datetime.now(UTC)
    done = terms.change(here.house, actor, partner, new, reason=asked.reason, now=now)
    return Calendar.model_validate(view.of(done.registered, now=now))
