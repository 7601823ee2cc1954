"""Taking a consent back, and following that until the partner has confirmed the deletion."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from gateway.acts import revoking
from gateway.api.caller import Caller, holding
from gateway.api.context import Here
from gateway.api.idempotency import Key, once
from gateway.api.problems import described
from gateway.api.source.member_wire import Account, Programme, Wire
from gateway.tokens import Scope
from outbox import revocations
from outbox.revocations import Answer, Revocation
from schemas.consent import Event

router = APIRouter(responses=described(401, 403, 404, 422))
Number = Annotated[str, Path(pattern="^[1-9][0-9]{0,17}$", description="The revocation's id.")]


class Revoke(BaseModel):
    """Both may be left out: it is never harder than granting."""

    model_config = ConfigDict(extra="forbid")

    at: Annotated[str, Field(max_length=40, json_schema_extra={"format": "date-time"})] | None = (
        Field(default=None, description="When it was taken back (now); RFC 3339, with its zone.")
    )
    evidence: Annotated[str, Field(pattern="^[0-9A-Fa-f]{64}$")] | None = Field(
        default=None, description="The SHA-256 of the signed statement, hex."
    )


class Ended(Wire):
    """One reference the partner knew the member by, and what became of it there."""

    ref: str
    fate: Literal["erased", "retained", "not-held"] | None
    law: str | None = Field(description="Under which the partner retains it, unused.")
    retained_until: date | None


class Revoked(Wire):
    """A revocation, and what it means at the partner.

    `never told` and `removed before sending`: nobody there heard. `withdrawal on its way`: they
    may have, and are asked to delete it by `due_at`; `overdue` says that they have not confirmed
    by then. `deletion confirmed`: they did, at `confirmed_at`; `lives` say what became of it.
    """

    id: str
    account: str
    programme: str
    asked_by: str
    at: datetime
    due_at: datetime
    overdue: bool
    answer: Literal[
        "never told", "removed before sending", "withdrawal on its way", "deletion confirmed"
    ]
    confirmed_at: datetime | None
    lives: list[Ended]


_NEW: dict[int | str, dict[str, Any]] = {201: {"model": Revoked, "description": "Taken back now."}}


@router.post(
    "/members/{account}/consents/{programme}/revoke",
    response_model=Revoked,
    responses={**_NEW, **described(409, 503)},
    response_description="Taken back before: the revocation that stands.",
)
def revoke(
    request: Request,
    account: Account,
    programme: Programme,
    here: Here,
    caller: Annotated[Caller, holding(Scope.REVOKE)],
    asked: Revoke | None = None,
    key: Key = None,
) -> Response:
    """Take a consent back: stop, remove what is queued, withdraw what may have been heard.

    The answer says what it means at the partner. Again, it answers with the revocation that stands.
    """

    def act() -> Response:
        now = datetime.now(UTC)
        with here.house.bell.after(), here.house.database.write() as tx:
            fields = _fields(account, programme, asked or Revoke(), now)
            standing, done = revoking.take_back(tx, here.house, fields, now=now, by=caller.by)
        return Response(
            _shown(standing, now).model_dump_json(),
            status_code=201 if done else 200,
            media_type="application/json",
        )

    return once(here, caller, request, key, asked, act)


@router.get("/revocations/{number}")
def revocation(
    number: Number, here: Here, _caller: Annotated[Caller, holding(Scope.READ)]
) -> Revoked:
    """Show a revocation: what the partner may have heard, and whether it has deleted it."""
    with here.house.database.read() as tx:
        return _shown(revocations.get(tx, int(number)), datetime.now(UTC))


def _fields(account: str, programme: str, asked: Revoke, now: datetime) -> dict[str, object]:
    """The event as a feed would say it, so that the same reader judges it."""
    return {
        "account": account,
        "programme": programme,
        "event": Event.REVOKED.value,
        "at": asked.at or now.isoformat(),
        "evidence": asked.evidence,
    }


def _shown(one: Revocation, now: datetime) -> Revoked:
    return Revoked.model_validate(
        {
            "id": one.id,
            "account": one.account,
            "programme": one.partner,
            "asked_by": one.asked_by,
            "at": one.at,
            "due_at": one.due_at,
            "overdue": one.answer is Answer.ON_ITS_WAY and one.due_at < now,
            "answer": one.answer.value,
            "confirmed_at": one.confirmed_at,
            "lives": [
                {"ref": ref, "fate": fate, "law": law, "retained_until": until}
                for ref, fate, law, until in one.lives
            ],
        }
    )
