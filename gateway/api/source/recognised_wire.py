"""Recognised foreign members as JSON: the wire models, and how they are made of the register's."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from partners.recognised import Change, Dated, Recognised, Roll, WhyNot
from schemas.status import Status

ASKED_MAX = 3_000


def _read(value: object) -> object:
    """YYYY-MM-DD and nothing else: Pydantic's own reading takes numbers and moments too."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value) is None:
        raise ValueError("give a day, such as 2014-08-20")
    if value is not None and not isinstance(value, str | date):
        raise ValueError("give a day, such as 2014-08-20")
    return value


Day = Annotated[date, BeforeValidator(_read)]
Word = Literal["status", "quarantine", "agreement"]


class Wire(BaseModel):
    model_config = ConfigDict(serialize_by_alias=True)


class Asked(BaseModel):
    """One identifier, in any form its scheme allows."""

    model_config = ConfigDict(extra="forbid")

    scheme: Annotated[str, Field(min_length=1, max_length=32)]
    # What no scheme could mean is answered alone, and does not sink the others.
    value: Annotated[str, Field(max_length=1000)]


class Lookup(BaseModel):
    model_config = ConfigDict(extra="forbid")

    identifiers: Annotated[list[Asked], Field(min_length=1, max_length=ASKED_MAX)]


class Number(Wire):
    """A number of a member, from its first day (null: since ever) until the first day on which it
    is the member's no longer (null: no end known).
    """

    scheme: str
    value: str
    source: Literal["partner", "home"] = Field(description="`home`: attached here, by hand.")
    from_on: date | None = Field(alias="from")
    until_on: date | None = Field(alias="until")


class Member(Wire):
    """A recognised member. It is usable if nothing is in `why_not`: its own status, a batch of its
    programme that waits for a person, or the agreement. `stale`: its programme has been silent for
    longer than agreed. `as_of`: when its programme wrote what we know.
    """

    programme: str
    ref: str
    name: str
    status: Status
    since: date
    as_of: datetime | None
    stale: bool
    usable: bool
    why_not: list[Word]
    identifiers: list[Number]


class Answer(Wire):
    """One identifier as it was asked for, and every recognised member that carries it today.

    `code` says why it could not be looked up (its shape, its scheme); then there are no members.
    """

    scheme: str
    value: str
    code: str | None
    reason: str | None
    members: list[Member]


class Answers(Wire):
    """One answer for each identifier, in the order asked."""

    answers: list[Answer]


class Gone(Wire):
    """Not recognised, or not any more: drop it."""

    programme: str
    ref: str
    gone: Literal[True] = True


class Held(Wire):
    """A recognised member as it is now, with the numbers it has today or will have.

    It is usable while nothing is in `why_not` and its programme is `in_force`.
    """

    programme: str
    ref: str
    gone: Literal[False] = False
    name: str
    status: Status
    since: date
    why_not: list[Literal["status", "quarantine"]]
    identifiers: list[Number]


class Programme(Wire):
    """What is true of all members of a programme. `in_force`: the agreement, today."""

    programme: str
    as_of: datetime | None
    in_force: bool
    stale: bool


class Changes(Wire):
    """`next` is always there: after the last page it says where the feed will go on."""

    items: list[Held | Gone]
    next: str
    programmes: list[Programme]


class Attach(BaseModel):
    model_config = ConfigDict(extra="forbid")

    mid: Annotated[str, Field(min_length=3, max_length=15, pattern="^[A-Z]{2}[A-Z0-9]{1,13}$")]
    from_on: Day | None = Field(None, alias="from", description="Its first day; none: today.")
    until_on: Day | None = Field(
        None, alias="until", description="The first day it is not the member's; none: open."
    )


def member(found: Recognised) -> Member:
    return Member(
        programme=found.roll.programme,
        ref=found.ref,
        name=found.name,
        status=found.status,
        since=found.member_since,
        as_of=found.roll.as_of,
        stale=found.roll.stale,
        usable=not found.why_not,
        why_not=[why.value for why in found.why_not],
        identifiers=_numbers(found.identifiers),
    )


def changed(change: Change) -> Held | Gone:
    found = change.member
    if found is None:
        return Gone(programme=change.programme, ref=change.ref)
    own: Any = [why.value for why in found.why_not if why is not WhyNot.AGREEMENT]
    return Held(
        programme=change.programme,
        ref=change.ref,
        name=found.name,
        status=found.status,
        since=found.member_since,
        why_not=own,
        identifiers=_numbers(found.identifiers),
    )


def programme(roll: Roll) -> Programme:
    return Programme(
        programme=roll.programme, as_of=roll.as_of, in_force=roll.in_force, stale=roll.stale
    )


def _numbers(dated: Sequence[Dated]) -> list[Number]:
    return [
        Number.model_validate(
            {
                "scheme": one.scheme,
                "value": one.value,
                "source": one.source,
                "from": one.from_on,
                "until": one.until_on,
            }
        )
        for one in dated
    ]
