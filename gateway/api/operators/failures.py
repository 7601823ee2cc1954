"""What needs a person, by cause; and what each code means."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from gateway.acts import permission
from gateway.api.context import Here
from gateway.api.operators.acting import Sees
from gateway.api.parameters import CODE, PARTNER, OnlyPartner
from gateway.api.problems import described, status_of
from gateway.identity.roles import Right
from gateway.views import failures as view
from gateway.views.masking import masked
from partners import agreements
from schemas.codes import CODES, Repairer
from schemas.errors import BadRequest

router = APIRouter(responses=described(401, 403, 422))


class Counted(BaseModel):
    """So many, or `more` than that: nobody counts further than 100,000."""

    n: int
    more: bool


class Cause(BaseModel):
    """One cause at one partner.

    `notices`: their own code stands in the way. `gate`: nothing may be announced to the partner.
    `lane`: `batch` is tried and not answered. `about`: the oldest may be older than `since`.
    """

    partner: str
    code: str
    kind: Literal["notices", "gate", "lane"]
    title: str
    repair: str
    repairer: Repairer | None = Field(description="Null: nobody has to.")
    notices: Counted
    since: datetime | None
    about: bool
    batch: str | None
    replayable: bool


class CauseList(BaseModel):
    items: list[Cause]


class Asked(BaseModel):
    """Which notices. `after` goes on after an account, for who may see accounts. In a body, because
    an account stands in no address.
    """

    model_config = ConfigDict(extra="forbid")

    partner: str = Field(pattern=PARTNER)
    code: str = Field(pattern=CODE)
    after: str | None = Field(default=None, pattern="^[0-9]{5,9}$")
    limit: int = Field(default=100, ge=1, le=1000)


class StuckNotice(BaseModel):
    """One notice that waits; the account is masked for who may not see companies."""

    account: str
    lane: str
    since: datetime
    code: str
    partner_code: str | None


class StuckList(BaseModel):
    items: list[StuckNotice]
    next: str | None = Field(
        description="The account to go on after; null at the end, and for who may not see it."
    )
    more: bool


class CodeMeaning(BaseModel):
    """What a code means, what to do, and who can."""

    code: str
    title: str
    repair: str
    repairer: Repairer | None
    http_status: int | None


@router.get("/failures", responses=described(404))
def failures_by_cause(here: Here, _actor: Sees, partner: OnlyPartner = None) -> CauseList:
    """List what keeps notices from partners, by cause: first what a person has to repair."""
    with here.house.database.read() as tx:
        if partner is not None:
            agreements.get(tx, partner)
        found = view.causes(tx, here.house, now=datetime.now(UTC), partner=partner)
    return CauseList(items=[_cause(one) for one in found])


@router.post("/failures/notices", responses=described(404))
def notices_of_a_cause(asked: Asked, here: Here, actor: Sees) -> StuckList:
    """List the notices that one code keeps from one partner, by account."""
    sees = actor.may(Right.SEE_COMPANIES)
    with here.house.database.read() as tx:
        agreements.get(tx, asked.partner)
    if asked.after is not None:
        permission.demand(
            here.house,
            actor,
            Right.SEE_COMPANIES,
            act="look at notices by account",
            now=datetime.now(UTC),
            partner=asked.partner,
        )
    with here.house.database.read() as tx:
        cause = view.one(tx, asked.partner, asked.code)
        found = view.notices(tx, cause, after=asked.after, limit=asked.limit + 1)
    shown, more = found[: asked.limit], len(found) > asked.limit
    items = [
        StuckNotice(
            account=one.account if sees else masked(one.account),
            lane=one.lane,
            since=one.since,
            code=one.code,
            partner_code=one.partner_code,
        )
        for one in shown
    ]
    return StuckList(items=items, next=shown[-1].account if more and sees else None, more=more)


@router.get("/codes/{code}", responses=described(404))
def one_code(
    code: Annotated[str, Path(pattern=CODE, examples=["MRX-2210"], description="MRX-nnnn.")],
    _here: Here,
    _actor: Sees,
) -> CodeMeaning:
    """Read what a code means, what to do about it, and who can."""
    if code not in CODES:
        raise BadRequest("MRX-5018")
    found = CODES[code]
    return CodeMeaning(
        code=code,
        title=found.title,
        repair=found.repair,
        repairer=found.repairer,
        http_status=status_of(code),
    )


def _cause(one: view.Cause) -> Cause:
    return Cause(
        partner=one.partner,
        code=one.code,
        kind=one.kind,
        title=one.meaning.title,
        repair=one.meaning.repair,
        repairer=one.repairer,
        notices=Counted(n=one.count.n, more=one.count.more),
        since=one.since,
        about=one.about,
        batch=None if one.batch is None else str(one.batch),
        replayable=one.replayable,
    )
