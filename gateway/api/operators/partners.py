"""Partners: how one stands, exactly what it is told, its certificates, and the way to it."""

from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from gateway.acts import connection
from gateway.api.context import Here
from gateway.api.operators.acting import Acting, acting
from gateway.api.operators.overview import Row, Sees, Shown
from gateway.api.problems import described
from gateway.checkup.finding import Result
from gateway.identity.roles import Right
from gateway.views import partner as view
from gateway.views import rows
from schemas.agreement import Stage
from schemas.status import Status

router = APIRouter(prefix="/partners", responses=described(401, 403, 422))

Runs = Annotated[Acting, acting(Right.RUN)]
Code = Annotated[str, Path(pattern="^[a-z]{2}-[a-z]{1,20}$")]


class Step(Shown):
    """What one step of a test found; `next` is what to do about it."""

    step: str
    result: Result
    sentence: str
    next: str | None


class Tested(BaseModel):
    """A test of the way to a partner: name, port, TLS, certificates, signature, formats, an answer
    that they sign, clocks.
    """

    partner: str
    at: datetime
    by: str
    well: bool
    steps: list[Step]


class Agreement(BaseModel):
    """What the arrangement allows. `push_url` null: they fetch; `pull_url` null: they push."""

    stage: int
    stage_name: str
    enabled: bool
    format: str
    revision: int
    signed_on: date
    effective_on: date
    ended_on: date | None
    business_types: list[str] | None
    push_url: str | None
    pull_url: str | None
    covers: list[str] | None = Field(description="Categories of theirs; null: all.")
    quarantine_percent: int
    rhythm_hours: int


class Identifiers(Shown):
    """A scheme: it `leaves` if the agreement allows it, a consent text names it, and their document
    has a `word` for it.
    """

    scheme: str
    leaves: bool
    allowed: bool
    word: str | None
    texts: list[str]


class StatusWord(Shown):
    """A status of ours, and the word that leaves for it; null: such a member is blocked."""

    status: Status
    word: str | None


class Fields(Shown):
    """Exactly what leaves: the name, these identifiers, these words of status, member since."""

    format: str
    texts: list[str]
    identifiers: list[Identifiers]
    statuses: list[StatusWord]
    tiers: bool
    losses: list[str]


class Certificate(Shown):
    """`owner` is the partner or ours; `state` is pinned, staged, approved once, current or next."""

    owner: str
    fingerprint: str
    state: str
    not_before: datetime
    not_after: datetime
    days_left: int
    valid: bool


class Holdings(BaseModel):
    """`sent`: what they hold of us by their receipts; `expected` and `held` are of the last
    comparison with their own word; `theirs`: what we hold of them.
    """

    sent: int
    checked_at: datetime | None
    agree: bool | None
    expected: int | None
    held: int | None
    theirs: int
    theirs_as_of: datetime | None
    theirs_heard_at: datetime | None


class Calendar(Shown):
    """When their people work. It explains waiting, and stops no clock."""

    time_zone: str
    local: datetime
    working_days: list[str]
    holidays: list[date]
    works_today: bool
    next_day: date | None
    sentence: str


class Partner(Row):
    """Everything about one partner, and nothing of any one company."""

    agreement: Agreement
    fields_told: Fields
    certificates: list[Certificate]
    holdings: Holdings
    tested: Tested | None
    calendar: Calendar


class PartnerList(BaseModel):
    items: list[Row]
    next: None = None


@router.get("")
def partners(here: Here, _actor: Sees) -> PartnerList:
    """List all partners by code, and how each stands."""
    with here.house.database.read() as tx:
        found = rows.every(tx, here.house, now=datetime.now(UTC))
    return PartnerList(items=[Row.model_validate(one) for one in found])


@router.get("/{partner}", responses=described(404))
def one_partner(partner: Code, here: Here, _actor: Sees) -> Partner:
    """Read all of one partner: lanes, agreement, what it is told, certificates, holdings."""
    with here.house.database.read() as tx:
        found = view.partner(tx, here.house, partner, now=datetime.now(UTC))
    return _wire(found)


@router.post("/{partner}/test", responses=described(404, 409, 503))
def test_the_connection(partner: Code, here: Here, actor: Runs) -> Tested:
    """Walk the way to a partner now, within a minute, and keep what was found."""
    connection.test(here.house, actor, partner, clock=lambda: datetime.now(UTC))
    with here.house.database.read() as tx:
        found = view.tested(tx, partner)
    assert found is not None, "it was kept just now"
    return _tested(partner, found)


def _wire(found: view.Partner) -> Partner:
    row = Row.model_validate(found.row)
    return Partner(
        **dict(row),
        agreement=_agreement(found),
        fields_told=Fields.model_validate(found.fields),
        certificates=[Certificate.model_validate(one) for one in found.certificates],
        holdings=_holdings(found.holdings),
        tested=None if found.tested is None else _tested(row.partner, found.tested),
        calendar=Calendar.model_validate(found.calendar),
    )


def _agreement(found: view.Partner) -> Agreement:
    registered = found.registered
    agreed = registered.agreement
    return Agreement(
        stage=int(agreed.stage),
        stage_name=Stage(agreed.stage).name.lower(),
        enabled=agreed.enabled,
        format=agreed.format,
        revision=registered.revision,
        signed_on=registered.signed_on,
        effective_on=agreed.effective_on,
        ended_on=agreed.ended_on,
        business_types=None if agreed.business_types is None else sorted(agreed.business_types),
        push_url=registered.push_url,
        pull_url=registered.pull_url,
        covers=None if registered.coverage is None else sorted(registered.coverage),
        quarantine_percent=registered.quarantine_percent,
        rhythm_hours=int(registered.rhythm.total_seconds() // 3600),
    )


def _holdings(found: view.Holdings) -> Holdings:
    check = found.check
    return Holdings(
        sent=found.sent,
        checked_at=None if check is None else check.at,
        agree=None if check is None else check.agree,
        expected=None if check is None else check.expected.count,
        held=None if check is None else check.held_count,
        theirs=found.theirs,
        theirs_as_of=found.theirs_as_of,
        theirs_heard_at=found.theirs_heard_at,
    )


def _tested(code: str, found: view.Tested) -> Tested:
    return Tested(
        partner=code,
        at=found.at,
        by=found.by,
        well=found.well,
        steps=[Step.model_validate(one) for one in found.findings],
    )
