"""The ledger: who did what, and whether it is whole."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from gateway.acts import ledgers
from gateway.api import cursor
from gateway.api.context import Here
from gateway.api.operators.acting import Acting, Sees, acting
from gateway.api.operators.listing import Listed
from gateway.api.parameters import TEXT, OnlyPartner
from gateway.api.problems import described
from gateway.api.source.push_wire import Moment
from gateway.identity.roles import Right
from gateway.views import ledger as view
from gateway.views.ledger import Wanted

router = APIRouter(prefix="/ledger", responses=described(401, 403, 422))

Audits = Annotated[Acting, acting(Right.AUDIT)]


class Entry(BaseModel):
    """One entry. Without the right to read the ledger in full, `subject` and `digest` are null, and
    `entry` says who, why and how many, but of whom nothing.
    """

    position: int
    at: datetime
    kind: str
    partner: str | None
    subject: str | None
    entry: dict[str, Any]
    digest: str | None
    large: bool = Field(description="It says more than a list shows: read it by its position.")


class EntryList(BaseModel):
    items: list[Entry]
    next: str | None = Field(
        description="A page may end early, where a filter finds little; go on while this is there."
    )


class Standing(BaseModel):
    """The head, and what the last walk over the chain found. Keep the head's digest elsewhere."""

    entries: int
    head: str
    verified_at: datetime | None
    verified_by: str | None
    verified_to: int
    broken_at: int | None


class Walk(BaseModel):
    model_config = ConfigDict(extra="forbid")

    anew: bool = Field(
        default=False, strict=True, description="From the first entry, not from the last walk."
    )


class Walked(BaseModel):
    """`to` is the last entry that was walked; go on until it is the head."""

    to: int
    digest: str
    broken_at: int | None


@router.get("")
def ledger_entries(
    here: Here,
    actor: Sees,
    listing: Listed,
    *,
    kind: Annotated[
        str | None, Query(max_length=50, pattern=TEXT, description="Only of this kind.")
    ] = None,
    partner: OnlyPartner = None,
    by: Annotated[
        str | None, Query(max_length=100, pattern=TEXT, description="Only what they did.")
    ] = None,
    since: Annotated[Moment | None, Query(description="From this moment on.")] = None,
    until: Annotated[Moment | None, Query(description="Before this moment.")] = None,
) -> EntryList:
    """List entries, the newest first."""
    key = listing.start(int)
    wanted = Wanted(kind=kind, partner=partner, by=by, since=since, until=until)
    with here.house.database.read() as tx:
        before = None if key is None else int(key[0])
        found = view.page(tx, here.house, wanted, before=before, at_most=listing.limit)
    following = listing.leads(None if found.before is None else cursor.written(found.before))
    whole = actor.may(Right.AUDIT)
    return EntryList(items=[_entry(one, whole=whole) for one in found.found], next=following)


@router.get("/standing")
def ledger_standing(here: Here, _actor: Sees) -> Standing:
    """Read the head, and how far the chain has been walked."""
    with here.house.database.read() as tx:
        found = view.standing(tx)
    return Standing(
        entries=found.head.size,
        head=found.head.digest,
        verified_at=found.verified_at,
        verified_by=found.verified_by,
        verified_to=found.verified_to,
        broken_at=found.broken_at,
    )


@router.get("/entries/{position}", responses=described(404))
def one_ledger_entry(
    position: Annotated[int, Path(ge=1, le=1 << 53)], here: Here, _actor: Audits
) -> Entry:
    """Read one entry in full."""
    with here.house.database.read() as tx:
        return _entry(view.one(tx, position), whole=True)


@router.post("/verify", responses=described(503))
def verify_the_ledger(walk: Walk, here: Here, actor: Audits) -> Walked:
    """Walk the chain on from where the last walk ended: at most 100 000 entries a call."""
    found = ledgers.verify(here.house, actor, anew=walk.anew, now=datetime.now(UTC))
    return Walked(to=found.head.size, digest=found.head.digest, broken_at=found.broken_at)


@router.get(
    "/export",
    response_class=StreamingResponse,
    responses={200: {"content": {ledgers.MEDIA_TYPE: {}}}},
)
def export_the_ledger(
    here: Here,
    actor: Audits,
    *,
    first: Annotated[int, Query(ge=1, le=1 << 53, description="The first position.")] = 1,
    last: Annotated[
        int | None, Query(ge=1, le=1 << 53, description="The last position; none: the newest.")
    ] = None,
) -> StreamingResponse:
    """Take entries out as NDJSON, the oldest first, each with what its digest was made of."""
    now = datetime.now(UTC)
    name, pieces = ledgers.export(here.house, actor, first=first, last=last, now=now)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(pieces, media_type=ledgers.MEDIA_TYPE, headers=headers)


def _entry(one: view.Entry, *, whole: bool) -> Entry:
    return Entry(
        position=one.position,
        at=one.at,
        kind=one.kind,
        partner=one.partner,
        subject=one.subject if whole else None,
        entry=dict(one.told) if whole else one.of_the_act,
        digest=one.digest if whole else None,
        large=one.large,
    )
