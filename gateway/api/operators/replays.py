"""Replays: what a partner turned down, told again. Long work: asked for, looked at, cancelled."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from gateway.acts import replays as acts
from gateway.api.context import Here
from gateway.api.idempotency import Key, once
from gateway.api.operators.acting import Runs, Sees
from gateway.api.operators.decision import Decision
from gateway.api.operators.failures import Counted
from gateway.api.operators.listing import Listed
from gateway.api.parameters import CODE, PARTNER
from gateway.api.problems import described
from gateway.views import replays as view
from gateway.views.replays import State

router = APIRouter(prefix="/replays", responses=described(401, 403, 422))

ReplayId = Annotated[
    str,
    Path(pattern="^[0-9a-f]{12}$", examples=["0123456789ab"], description="As the list gives it."),
]


class Replay(BaseModel):
    """One replay: `looked_at` of `matched` notices are done; `retold` are pending again, `skipped`
    not, by the reason. `waiting` is for a second person.
    """

    id: str
    partner: str
    code: str | None
    reason: str
    asked_by: str
    asked_at: datetime
    state: State
    matched: int
    looked_at: int
    retold: int
    skipped: dict[str, int]
    ended_at: datetime | None
    ended_by: str | None


class ReplayList(BaseModel):
    items: list[Replay]
    next: str | None


class Preview(BaseModel):
    """What telling again would do now. Of `looked_at` notices, `goes` would be pending again.

    `withdrawals` leave first and need no replay. `gate` is what keeps all announcements back.
    """

    partner: str
    code: str | None
    matched: Counted
    looked_at: int
    goes: int
    skipped: dict[str, int]
    withdrawals: Counted
    gate: str | None
    for_two: bool = Field(description="Whether a second person must approve it.")


class Asked(Decision):
    """What to tell again, and why."""

    model_config = ConfigDict(extra="forbid")

    partner: str = Field(pattern=PARTNER)
    code: str | None = Field(
        default=None, pattern=CODE, description="Without one, every cause; for two persons."
    )
    paused: bool = Field(default=False, description="Pause announcements to the partner first.")


@router.get("")
def replays(
    here: Here,
    _actor: Sees,
    listing: Listed,
    partner: Annotated[
        str | None, Query(pattern=PARTNER, description="Only to this partner.")
    ] = None,
) -> ReplayList:
    """List replays, the newest first."""
    start, at_most = listing.by_moment(), listing.limit + 1
    with here.house.database.read() as tx:
        found = view.every(tx, partner=partner, after=start, at_most=at_most)
    shown, following = listing.cut(found, view.key)
    return ReplayList(items=[_replay(one) for one in shown], next=following)


@router.get("/preview", responses=described(404, 409))
def preview_of_a_replay(
    here: Here,
    _actor: Sees,
    partner: Annotated[str, Query(pattern=PARTNER, description="To whom.")],
    code: Annotated[
        str | None, Query(pattern=CODE, description="Of which cause; without it, of every one.")
    ] = None,
) -> Preview:
    """Say what a replay would do now: how many would go, how many not, and why."""
    with here.house.database.read() as tx:
        found = view.preview(tx, here.house, partner, code, now=datetime.now(UTC))
    return Preview.model_validate(
        {**asdict(found), "skipped": dict(found.skipped), "for_two": found.for_two}
    )


@router.post("", status_code=202, response_model=Replay, responses=described(404, 409, 503))
def start_a_replay(
    asked: Asked, request: Request, here: Here, actor: Runs, key: Key = None
) -> Response:
    """Tell a partner again what it turned down. It runs by itself, or waits for a second person."""

    def started() -> Response:
        begun = acts.start(
            here.house,
            actor,
            asked.partner,
            asked.code,
            reason=asked.reason,
            now=datetime.now(UTC),
            paused=asked.paused,
        )
        return JSONResponse(_replay(begun).model_dump(mode="json"), status_code=202)

    return once(here, actor.caller, request, key, asked, started)


@router.get("/{id}", responses=described(404))
def one_replay(
    id: ReplayId,  # noqa: A002  # its name in the address
    here: Here,
    _actor: Sees,
) -> Replay:
    """Read one replay: how far it has come."""
    with here.house.database.read() as tx:
        return _replay(view.get(tx, id))


@router.post("/{id}/cancel", response_model=Replay, responses=described(404, 409, 503))
def cancel_a_replay(
    id: ReplayId,  # noqa: A002
    decision: Decision,
    request: Request,
    here: Here,
    actor: Runs,
    key: Key = None,
) -> Response:
    """Cancel the rest of a replay: what is pending again stays so."""

    def cancelled() -> Replay:
        now = datetime.now(UTC)
        return _replay(acts.cancel(here.house, actor, id, reason=decision.reason, now=now))

    return once(here, actor.caller, request, key, decision, cancelled)


def _replay(one: view.Replay) -> Replay:
    return Replay.model_validate(
        {**asdict(one), "skipped": dict(one.skipped), "looked_at": one.looked_at}
    )
