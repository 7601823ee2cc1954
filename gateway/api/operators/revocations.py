"""Revocations, for operators' tools: whom we still wait for, and entering one for a company."""

from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from gateway.acts import revoking
from gateway.api.context import Here
from gateway.api.idempotency import Key, once
from gateway.api.operators.acting import Acting, Sees, acting
from gateway.api.operators.decision import Decision
from gateway.api.operators.listing import Listed
from gateway.api.parameters import PARTNER, OnlyPartner
from gateway.api.problems import described
from gateway.identity.roles import Right
from gateway.views import revocations as view
from gateway.views.masking import masked
from gateway.views.revocations import Show, Tracked
from schemas.member import ACCOUNT

router = APIRouter(prefix="/revocations", responses=described(401, 403, 422))

Revokes = Annotated[Acting, acting(Right.REVOKE)]
Number = Annotated[str, Path(pattern="^[1-9][0-9]{0,17}$", description="The revocation's id.")]


class Ended(BaseModel):
    """One reference, and what became of it: `erased`, `retained` or `not-held`; null while open."""

    ref: str
    fate: str | None
    law: str | None
    retained_until: date | None


class Revocation(BaseModel):
    """One revocation at one partner. `took_seconds` is how long it took, or has taken until now;
    null where nothing had to be waited for. The account is masked without the right to see
    companies.
    """

    id: str
    account: str
    partner: str
    asked_by: str
    at: datetime
    due_at: datetime
    answer: str
    confirmed_at: datetime | None
    overdue: bool
    took_seconds: int | None
    ends: list[Ended]


class RevocationList(BaseModel):
    items: list[Revocation]
    next: str | None


class Entered(BaseModel):
    """The answer, a revocation for each partner."""

    items: list[Revocation]


class Enter(Decision):
    """Take the consent of a company back, for these partners."""

    model_config = ConfigDict(extra="forbid")

    account: Annotated[str, Field(pattern=f"^{ACCOUNT.pattern}$")]
    partners: Annotated[
        list[Annotated[str, Field(pattern=PARTNER)]], Field(min_length=1, max_length=50)
    ]


@router.get("")
def tracked_revocations(
    here: Here,
    actor: Sees,
    listing: Listed,
    show: Annotated[
        Show, Query(description="`open` and `overdue`: soonest due first.")
    ] = Show.OPEN,
    partner: OnlyPartner = None,
) -> RevocationList:
    """List revocations: those that are open, overdue, or all of them, the newest first."""
    now, start = datetime.now(UTC), view.place(listing.start(int, int))
    at_most = listing.limit + 1
    with here.house.database.read() as tx:
        found = view.every(tx, show, now=now, partner=partner, after=start, at_most=at_most)
    shown, following = listing.cut(found, lambda one: view.key(one, show))
    return RevocationList(items=[_wire(actor, one) for one in shown], next=following)


@router.get("/{number}", responses=described(404))
def one_revocation(number: Number, here: Here, actor: Sees) -> Revocation:
    """Read one revocation: what the partner may have heard, and whether it has deleted it."""
    with here.house.database.read() as tx:
        return _wire(actor, view.one(tx, int(number), now=datetime.now(UTC)))


@router.post("", response_model=Entered, responses=described(404, 409, 503))
def enter_a_revocation(
    enter: Enter, request: Request, here: Here, actor: Revokes, key: Key = None
) -> Response:
    """Take a company's consent back; it never waits for a second person."""

    def entered() -> Entered:
        done = revoking.revoke(
            here.house,
            actor,
            enter.account,
            enter.partners,
            reason=enter.reason,
            now=datetime.now(UTC),
        )
        return Entered(items=[_wire(actor, one) for one in done])

    return once(here, actor.caller, request, key, enter, entered)


def _wire(actor: Acting, one: Tracked) -> Revocation:
    open_to = actor.may(Right.SEE_COMPANIES)
    return Revocation(
        id=str(one.id),
        account=one.account if open_to else masked(one.account),
        partner=one.partner,
        asked_by=one.asked_by,
        at=one.at,
        due_at=one.due_at,
        answer=one.answer,
        confirmed_at=one.confirmed_at,
        overdue=one.overdue,
        took_seconds=None if one.took is None else int(one.took.total_seconds()),
        ends=[
            Ended(ref=end.ref, fate=end.fate, law=end.law, retained_until=end.retained_until)
            for end in one.ends
        ],
    )
