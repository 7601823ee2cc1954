"""New partners: what is done of their lists, and going live."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from gateway.acts import golive
from gateway.acts import onboarding as acts
from gateway.api.context import Context, Here
from gateway.api.operators.acting import Acting, acting
from gateway.api.operators.approvals import Approval, wire
from gateway.api.operators.decision import Decision
from gateway.api.problems import described
from gateway.identity.roles import Right
from gateway.views import onboarding as view

router = APIRouter(prefix="/onboarding", responses=described(401, 403, 422))

Sees = Annotated[Acting, acting(Right.SEE)]
Engineers = Annotated[Acting, acting(Right.ENGINEER)]
Partner = Annotated[str, Path(pattern="^[a-z]{2}-[a-z]{1,20}$")]
Step = Annotated[
    str, Path(pattern="^[a-z]{1,20}$", examples=["contacts"], description="A step by hand.")
]


class Task(BaseModel):
    """A step as it stands. `by_hand`: a person says that it is done; else the database does.
    `before`: going live waits for it.
    """

    step: str
    title: str
    who: str
    by_hand: bool
    before: bool
    done: bool
    evidence: str
    done_at: datetime | None
    done_by: str | None


class TaskList(BaseModel):
    partner: str
    live: bool
    done: int
    open_before: list[str] = Field(description="What going live still waits for.")
    tasks: list[Task]


class AllTaskLists(BaseModel):
    items: list[TaskList]
    next: None = None


@router.get("")
def onboarding_of_every_partner(here: Here, _actor: Sees) -> AllTaskLists:
    """Read the onboarding list of each partner."""
    with here.house.database.read() as tx:
        found = view.every(tx, here.house, now=datetime.now(UTC))
    return AllTaskLists(items=[_wire(one) for one in found])


@router.get("/{partner}", responses=described(404))
def onboarding_of_a_partner(partner: Partner, here: Here, _actor: Sees) -> TaskList:
    """Read one partner's onboarding list."""
    return _now(here, partner)


@router.post("/{partner}/steps/{step}/tick", responses=described(404, 503))
def tick_a_step(
    partner: Partner, step: Step, evidence: Decision, here: Here, actor: Engineers
) -> TaskList:
    """Say that a step is done; `reason` is the evidence: where one can see that it is."""
    acts.tick(here.house, actor, partner, step, evidence=evidence.reason, now=datetime.now(UTC))
    return _now(here, partner)


@router.post("/{partner}/steps/{step}/reopen", responses=described(404, 503))
def reopen_a_step(
    partner: Partner, step: Step, decision: Decision, here: Here, actor: Engineers
) -> TaskList:
    """Say that a step is not done after all."""
    acts.reopen(here.house, actor, partner, step, reason=decision.reason, now=datetime.now(UTC))
    return _now(here, partner)


@router.post("/{partner}/go-live", status_code=202, responses=described(404, 409, 503))
def go_live(partner: Partner, decision: Decision, here: Here, actor: Engineers) -> Approval:
    """Ask that the exchange begins; it waits for a second person. Its list must be complete."""
    now = datetime.now(UTC)
    return wire(golive.ask(here.house, actor, partner, reason=decision.reason, now=now))


def _now(here: Context, partner: str) -> TaskList:
    with here.house.database.read() as tx:
        return _wire(view.tasks(tx, here.house, partner, now=datetime.now(UTC)))


def _wire(found: view.Tasks) -> TaskList:
    return TaskList(
        partner=found.partner,
        live=found.live,
        done=found.done,
        open_before=found.open_before,
        tasks=[
            Task(
                step=one.step.name,
                title=one.step.title,
                who=one.step.who,
                by_hand=one.step.by_hand,
                before=one.step.before,
                done=one.done,
                evidence=one.evidence,
                done_at=one.done_at,
                done_by=one.done_by,
            )
            for one in found.tasks
        ],
    )
