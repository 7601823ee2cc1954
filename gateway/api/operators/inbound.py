"""Partners' rolls, their batches as we keep them, and those that wait for a person's decision."""

from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from gateway import inbound_batches
from gateway.acts import inbound as acts
from gateway.api import cursor
from gateway.api.context import Context, Here
from gateway.api.cursor import After, Limit
from gateway.api.idempotency import Key, once
from gateway.api.operators.acting import Acting, acting
from gateway.api.operators.approvals import Approval, wire
from gateway.api.operators.decision import Decision
from gateway.api.operators.partners import Code
from gateway.api.problems import described
from gateway.identity.roles import Right
from gateway.inbound_batches import Inbound, State
from gateway.views import inbound as view
from gateway.views import roll_history
from partners.quarantine import Place

router = APIRouter(prefix="/inbound", responses=described(401, 403, 422))

Sees = Annotated[Acting, acting(Right.SEE)]
Approves = Annotated[Acting, acting(Right.APPROVE)]

BatchId = Annotated[
    str,
    Path(
        pattern=inbound_batches.ID,
        max_length=100,
        examples=["mx-neec.routine.00112233445566aa.5.1"],
        description="As the list gives it.",
    ),
]


PLACE = ("partner", "kind", "epoch", "number", "issue")


class Batch(BaseModel):
    """One issue of one batch of a partner. `owed`: our newest receipt must still be told to it."""

    id: str
    partner: str
    lane: str
    epoch: str
    number: int
    issue: int
    state: State
    digest: str
    certificate: str
    received_at: datetime
    announced: int
    withdrawn: int
    decided_by: str | None
    decided_at: datetime | None
    reason: str | None
    owed: bool
    erased_at: datetime | None = Field(
        description="When its file went because its term was over; digest and receipt stay."
    )


class Effect(BaseModel):
    """What letting it in would do to the roll as it is now: members that come, that go, and that
    are told anew.
    """

    come: int
    gone: int
    changed: int


class BatchShown(Batch):
    plan: Effect | None = Field(description="Null for a batch that does not wait.")
    asked: Approval | None = Field(description="What waits for a second person to let it in.")


class Release(Decision):
    gone: int = Field(
        ge=0, le=1 << 53, description="How many members of the roll would go, typed by a person."
    )


class Roll(BaseModel):
    """One partner's roll. A batch that would bring it below `lower` or above `upper` waits."""

    partner: str
    size: int
    as_of: datetime | None
    heard_at: datetime | None
    stale: bool
    lower: int | None
    upper: int | None
    waiting: int = Field(description="How many of its batches wait for a person.")


class RollList(BaseModel):
    items: list[Roll]
    next: None = None


class RollDay(BaseModel):
    """A day, UTC. `size`: members at its end, null before the first that is known; a batch had to
    wait that would have left fewer than `lower` or more than `upper`; so many were `held_back`.
    """

    model_config = ConfigDict(from_attributes=True)

    day: date
    size: int | None
    lower: int | None
    upper: int | None
    held_back: int


class RollHistory(BaseModel):
    """Thirty days of one partner's roll, the oldest first. The lines are drawn by `percent`, the
    share that is agreed now.
    """

    partner: str
    percent: int
    sentence: str
    days: list[RollDay]


class BatchList(BaseModel):
    items: list[Batch]
    next: str | None


@router.get("")
def inbound_batches_kept(
    request: Request,
    response: Response,
    here: Here,
    _actor: Sees,
    state: Annotated[State | None, Query(description="Only those in this state.")] = None,
    partner: Annotated[
        str | None, Query(pattern="^[a-z]{2}-[a-z]{1,20}$", description="Only of this partner.")
    ] = None,
    after: After = None,
    limit: Limit = 100,
) -> BatchList:
    """List partners' batches by partner, lane and number; `quarantined` ones wait for a person."""
    key: Any = cursor.read(after, str, str, str, int, int)
    start = None if key is None else Place(**dict(zip(PLACE, key, strict=True)))
    with here.house.database.read() as tx:
        found = inbound_batches.every(
            tx, state=state, partner=partner, after=start, at_most=limit + 1
        )
    shown = found[:limit]
    more = cursor.written(*inbound_batches.key(shown[-1].place)) if len(found) > limit else None
    response.headers.update(cursor.link(request, more))
    return BatchList(items=[Batch.model_validate(one.facts) for one in shown], next=more)


@router.get("/rolls")
def rolls_of_partners(here: Here, _actor: Sees) -> RollList:
    """List the partners' rolls: how large each is, how fresh, and what of it waits."""
    with here.house.database.read() as tx:
        found = view.rolls(tx, here.house, now=datetime.now(UTC))
    return RollList(items=[Roll.model_validate(one, from_attributes=True) for one in found])


@router.get("/rolls/{partner}", responses=described(404))
def history_of_a_roll(partner: Code, here: Here, _actor: Sees) -> RollHistory:
    """Read how large a partner's roll was in the last thirty days, day by day."""
    with here.house.database.read() as tx:
        found = roll_history.history(tx, here.house, partner, now=datetime.now(UTC))
    return RollHistory(
        partner=found.partner,
        percent=found.percent,
        sentence=found.sentence,
        days=[RollDay.model_validate(one) for one in found.days],
    )


@router.get("/{id}", responses=described(404))
def one_inbound_batch(
    id: BatchId,  # noqa: A002  # its name in the address
    here: Here,
    _actor: Sees,
) -> BatchShown:
    """Read one batch, and what letting it in would do if it waits."""
    return _shown(here, id)


@router.post("/{id}/approve", response_model=BatchShown, responses=described(404, 409, 503))
def approve_an_inbound_batch(
    id: BatchId,  # noqa: A002
    asked: Release,
    request: Request,
    here: Here,
    actor: Approves,
    key: Key = None,
) -> Response:
    """Let a batch in that waits: applied now, or, where members would go, after a second person's
    yes (`asked`).
    """

    def released() -> BatchShown:
        now = datetime.now(UTC)
        acts.release(here.house, actor, id, gone=asked.gone, reason=asked.reason, now=now)
        return _shown(here, id)

    return once(here, actor.caller, request, key, asked, released)


@router.post("/{id}/reject", response_model=Batch, responses=described(404, 409, 503))
def reject_an_inbound_batch(
    id: BatchId,  # noqa: A002
    decision: Decision,
    request: Request,
    here: Here,
    actor: Approves,
    key: Key = None,
) -> Response:
    """Turn a batch down that waits: nothing of it is taken, and the partner hears so."""

    def rejected() -> Batch:
        now = datetime.now(UTC)
        return _decided(acts.refuse(here.house, actor, id, reason=decision.reason, now=now))

    return once(here, actor.caller, request, key, decision, rejected)


def _shown(here: Context, batch_id: str) -> BatchShown:
    with here.house.database.read() as tx:
        found = view.one(tx, here.house, batch_id)
    facts = {
        **found.batch.facts,
        "plan": found.plan and asdict(found.plan),
        "asked": found.asked and wire(found.asked),
    }
    return BatchShown.model_validate(facts)


def _decided(found: Inbound) -> Batch:
    return Batch.model_validate(found.facts)
