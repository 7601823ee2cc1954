"""The ledger: who did what, and whether it is whole."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from gateway.acts import ledgers
from gateway.api import cursor
from gateway.api.context import Context, Here
from gateway.api.cursor import After, Limit
from gateway.api.operators.acting import Acting, acting
from gateway.api.problems import described
from gateway.api.source.push_wire import Moment
from gateway.identity.roles import Right
from gateway.views import ledger as view
from gateway.views.ledger import Wanted

router = APIRouter(prefix="/ledger", responses=described(401, 403, 422))

Sees = Annotated[Acting, acting(Right.SEE)]
Audits = Annotated[Acting, acting(Right.AUDIT)]
MEDIA_TYPE = "application/x-ndjson"
AT_ONCE = 1_000


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
    request: Request,
    response: Response,
    here: Here,
    actor: Sees,
    *,
    kind: Annotated[str | None, Query(max_length=50, description="Only of this kind.")] = None,
    partner: Annotated[
        str | None, Query(pattern="^[a-z]{2}-[a-z]{1,20}$", description="Only of this partner.")
    ] = None,
    by: Annotated[str | None, Query(max_length=100, description="Only what they did.")] = None,
    since: Annotated[Moment | None, Query(description="From this moment on.")] = None,
    until: Annotated[Moment | None, Query(description="Before this moment.")] = None,
    after: After = None,
    limit: Limit = 100,
) -> EntryList:
    """List entries, the newest first."""
    key = cursor.read(after, int)
    wanted = Wanted(kind=kind, partner=partner, by=by, since=since, until=until)
    with here.house.database.read() as tx:
        before = None if key is None else int(key[0])
        found = view.page(tx, here.house, wanted, before=before, at_most=limit)
    more = None if found.before is None else cursor.written(found.before)
    response.headers.update(cursor.link(request, more))
    whole = actor.may(Right.AUDIT)
    return EntryList(items=[_entry(one, whole=whole) for one in found.found], next=more)


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
    "/export", response_class=StreamingResponse, responses={200: {"content": {MEDIA_TYPE: {}}}}
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
    begin, end = ledgers.export(here.house, actor, first=first, last=last, now=datetime.now(UTC))
    return exported(here, begin, end)


def exported(here: Context, first: int, last: int) -> StreamingResponse:
    """These entries as a file, read some thousand at a time: nothing is held open meanwhile."""

    def pieces() -> Iterator[bytes]:
        for start in range(first, last + 1, AT_ONCE):
            with here.house.database.read() as tx:
                yield b"".join(view.lines(tx, first=start, last=min(start + AT_ONCE - 1, last)))

    name = f"ledger-{here.house.programme}-{first}-{last}.ndjson"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(pieces(), media_type=MEDIA_TYPE, headers=headers)


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
