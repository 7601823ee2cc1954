"""Retention: what is kept how long, and what of it is over its term."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from gateway.acts import retention as acts
from gateway.api.context import Here
from gateway.api.operators.acting import Acting, Sees, acting
from gateway.api.operators.approvals import Approval, wire
from gateway.api.operators.decision import Decision
from gateway.api.problems import described
from gateway.identity.roles import Right
from gateway.views import retention as view
from outbox import retention_run
from outbox.retention_run import State

router = APIRouter(prefix="/retention", responses=described(401, 403, 422))

Secures = Annotated[Acting, acting(Right.SECURE)]


class Erased(BaseModel):
    """What a run erased under one rule, and between which moments that was."""

    rule: str
    rows: int
    bytes: int
    oldest: datetime | None
    newest: datetime | None


class Run(BaseModel):
    """One run. `rule` is the one at work, null when all are through."""

    id: str
    began_at: datetime
    ended_at: datetime | None
    by: str
    reason: str
    state: State
    rule: str | None
    erased: list[Erased]


class Rule(BaseModel):
    """One rule, and what is over its term now."""

    name: str
    table: str
    goes: str
    state: str = Field(description="The state in which a row may be erased.")
    since: str = Field(description="The moment from which the term counts.")
    term: str
    before: datetime = Field(description="What is older goes.")
    stays: str
    why: str
    rows: int
    bytes: int
    oldest: datetime | None
    newest: datetime | None
    more: bool = Field(description="Whether there is more to look at than was looked at.")


class Kept(BaseModel):
    """What no setting ends."""

    what: str
    tables: str
    long: str
    why: str


class Retention(BaseModel):
    daily: bool = Field(description="Whether the gateway makes a run a day by itself.")
    rules: list[Rule]
    swept: list[Kept]
    kept: list[Kept]
    running: Run | None
    last: Run | None = Field(description="The newest run that has ended.")
    asked: Approval | None = Field(description="What waits for a second person.")


@router.get("")
def what_is_kept_how_long(here: Here, _actor: Sees) -> Retention:
    """Read the terms, and what is over them: of each rule the oldest 2,000 rows are looked at."""
    with here.house.database.read() as tx:
        found = view.retention(tx, here.house, now=datetime.now(UTC))
    return Retention(
        daily=found.daily,
        rules=[_rule(one) for one in found.rules],
        swept=[Kept.model_validate(one, from_attributes=True) for one in found.swept],
        kept=[Kept.model_validate(one, from_attributes=True) for one in found.kept],
        running=None if found.running is None else _run(found.running),
        last=None if found.last is None else _run(found.last),
        asked=None if found.asked is None else wire(found.asked),
    )


@router.post("", status_code=202, responses=described(409, 503))
def erase_what_is_over_its_term(asked: Decision, here: Here, actor: Secures) -> Approval:
    """Ask that what is over its term is erased; it waits for a second person."""
    return wire(acts.ask(here.house, actor, reason=asked.reason, now=datetime.now(UTC)))


def _rule(one: view.Due) -> Rule:
    rule, due = one.rule, one.due
    return Rule(
        name=rule.name,
        table=rule.table,
        goes=rule.goes,
        state=rule.state,
        since=rule.since,
        term=one.term_in_words,
        before=one.before,
        stays=rule.stays,
        why=rule.why,
        rows=due.rows,
        bytes=due.bytes,
        oldest=due.oldest,
        newest=due.newest,
        more=due.more,
    )


def _run(run: retention_run.Run) -> Run:
    return Run(
        id=run.id,
        began_at=run.began_at,
        ended_at=run.ended_at,
        by=run.by,
        reason=run.reason,
        state=run.state,
        rule=run.rule,
        erased=[
            Erased(rule=name, rows=one.rows, bytes=one.bytes, oldest=one.oldest, newest=one.newest)
            for name, one in run.erased.items()
        ],
    )
