"""Pushes as the source sees them: the wire models, and how they are made of the register's rows."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, WithJsonSchema
from sqlalchemy import Connection, Row

from gateway import pushes
from gateway.api import cursor
from gateway.intake.moments import moment
from gateway.pushes import Pushed
from gateway.taking import SHOWN
from schemas.codes import CODES
from schemas.status import Status

PATH = "/v1/source/pushes"


def _read(value: object) -> object:
    """RFC 3339 and nothing else: Pydantic's own reading takes numbers and bare days too."""
    found = value if isinstance(value, datetime) else isinstance(value, str) and moment(value)
    if not found:
        raise ValueError("give a time with its zone, such as 2014-08-20T12:00:00Z")
    return found


_DATE_TIME = {"type": "string", "format": "date-time"}
# What comes in, and what goes out: the same moments, in UTC with a Z.
Moment = Annotated[
    datetime,
    BeforeValidator(_read),
    AfterValidator(lambda value: value.astimezone(UTC)),
    WithJsonSchema(_DATE_TIME),
]


# A member as `PUT` takes it. Fields we do not know are dropped and counted.
MEMBER: dict[str, Any] = {
    "type": "object",
    "required": ["name", "identifiers", "status", "member_since"],
    "properties": {
        "account": {"type": "string", "description": "as in the path, or absent"},
        "name": {"type": "string"},
        "identifiers": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["scheme", "value"],
                "properties": {"scheme": {"type": "string"}, "value": {"type": "string"}},
            },
        },
        "status": {"type": "string", "enum": [status.value for status in Status]},
        "member_since": {"type": "string", "format": "date"},
        "business_type": {"type": ["string", "null"]},
    },
}


class Counts(BaseModel):
    """`read` = `accepted` + `unchanged` + `ignored` + `rejected`, once the push is done.

    `accepted` changed something (or would), `ignored` were older than what is known, `withdrawn`
    are members a full list left out, `revoked` consents taken back, `dropped_fields` fields we
    do not know, `warnings` codes of lines that were taken all the same.
    """

    read: int
    accepted: int
    unchanged: int
    ignored: int
    rejected: int
    withdrawn: int
    revoked: int
    dropped_fields: int
    warnings: dict[str, int]


class Guarded(BaseModel):
    """A count over the guard: what would be withdrawn, of how many. `where` is a partner's code,
    or `roll`.
    """

    where: str
    withdrawn: int
    of: int


class Plan(BaseModel):
    """What one partner would hear. `blocked` counts by the code of what stands in the way."""

    new: int
    changed: int
    withdrawn: int
    unchanged: int
    no_consent: int
    blocked: dict[str, int]


class Rejection(BaseModel):
    """A line that was not taken. `account` is there where the line says it beyond doubt."""

    line: int
    account: str | None
    code: str
    reason: str


class PushItem(BaseModel):
    """One push, as lists show it.

    `running`, `done`, `waiting` (for approval: nothing of it was taken), `interrupted` (push it
    again) or `discarded`. `counts` are there once it is done or waits.
    """

    id: str
    kind: Literal["members", "consents"]
    format: Literal["ndjson", "csv"]
    mode: Literal["delta", "snapshot"]
    dry_run: bool
    as_of: Moment
    state: Literal["running", "done", "waiting", "interrupted", "discarded"]
    bytes: int
    sha256: str = Field(description="of the body as it came, hexadecimal")
    received_at: Moment
    finished_at: Moment | None
    approved_by: str | None = Field(description="the token that let it in")
    counts: Counts | None
    waiting: list[Guarded]
    note: str | None


class Push(PushItem):
    """One push whole.

    The first rejections and revocations; `more_rejections` is where the others are. `plan` says
    for each partner what it would hear: in a dry run, and while the push waits.
    """

    rejections: list[Rejection]
    more_rejections: str | None
    rejections_cut: bool = Field(description="there were more than are kept")
    revocations: list[str]
    plan: dict[str, Plan] | None


class PushPage(BaseModel):
    items: list[PushItem]
    next: str | None


class RejectionPage(BaseModel):
    items: list[Rejection]
    next: str | None


def item(push: Pushed) -> PushItem:
    return PushItem(**_facts(push))


def whole(tx: Connection, push: Pushed) -> Push:
    """A push with the first of its rejections."""
    rows = pushes.rejections(tx, push.id, after=0, limit=SHOWN + 1)
    shown, more = rows[:SHOWN], None
    if len(rows) > SHOWN:
        more = f"{PATH}/{push.id}/rejections?after={cursor.written(shown[-1].n)}"
    told = push.report or {}
    return Push(
        **_facts(push),
        rejections=rejections(shown),
        more_rejections=more,
        rejections_cut=told.get("rejections_cut", False),
        revocations=[str(number) for number in told.get("revocations", [])],
        plan=told.get("plan"),
    )


def rejections(rows: Sequence[Row[Any]]) -> list[Rejection]:
    return [
        Rejection(line=row.line, account=row.account, code=row.code, reason=CODES[row.code].title)
        for row in rows
    ]


def _facts(push: Pushed) -> dict[str, Any]:
    told: Mapping[str, Any] = push.report or {}
    return {
        "id": push.id,
        "kind": push.kind.value,
        "format": push.format,
        "mode": push.mode,
        "dry_run": push.dry_run,
        "as_of": push.as_of,
        "state": push.state.value,
        "bytes": push.bytes,
        "sha256": push.digest,
        "received_at": push.received_at,
        "finished_at": push.finished_at,
        "approved_by": push.approved_by,
        "counts": {name: told[name] for name in Counts.model_fields} if told else None,
        "waiting": told.get("waiting", []),
        "note": told.get("note"),
    }
