"""The source says that there is nothing new."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict

from gateway.api.caller import Caller, holding
from gateway.api.context import Here
from gateway.api.idempotency import Key, once
from gateway.api.problems import described
from gateway.api.source.push_wire import Moment
from gateway.tokens import Scope
from outbox import ledger
from partners import consents, roll
from schemas.errors import BadRecord

router = APIRouter()


class Heartbeat(BaseModel):
    """Up to `as_of`, everything there was to say has been pushed: members and consents."""

    model_config = ConfigDict(extra="forbid")

    as_of: Moment


class Freshness(BaseModel):
    """How fresh each feed is now."""

    consents_as_of: Moment
    members_as_of: Moment


@router.post("/heartbeat", response_model=Freshness, responses=described(401, 403, 409, 422, 503))
def heartbeat(
    request: Request,
    here: Here,
    caller: Annotated[Caller, holding(Scope.PUSH)],
    beat: Heartbeat,
    *,
    key: Key = None,
) -> Response:
    """Say "nothing new": both feeds are as fresh as `as_of`. What is fresher stays so."""
    now = datetime.now(UTC)
    if beat.as_of > now:
        raise BadRecord("MRX-1205")

    def act() -> Freshness:
        with here.house.database.write() as tx:
            consents.heard(tx, beat.as_of)
            roll.heard(tx, beat.as_of)
            told = {"as_of": beat.as_of.isoformat(), "by": caller.by}
            ledger.add(tx, "heartbeat", told, now=now)
            # At least this fresh: both have just been heard.
            return Freshness(
                consents_as_of=consents.as_of(tx) or beat.as_of,
                members_as_of=roll.as_of(tx) or beat.as_of,
            )

    return once(here, caller, request, key, beat, act)
