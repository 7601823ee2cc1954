"""Recognised foreign members, for targeting: asked for by their numbers, or copied by a feed."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from sqlalchemy import Connection

from gateway import mids
from gateway.api import cursor
from gateway.api.caller import Caller, holding
from gateway.api.context import Here
from gateway.api.cursor import After, Limit
from gateway.api.idempotency import Key, once
from gateway.api.parameters import PARTNER
from gateway.api.problems import described
from gateway.api.source import recognised_wire as wire
from gateway.api.source.recognised_wire import Answer, Answers, Asked, Attach, Changes, Lookup
from gateway.api.source.recognised_wire import Member as Shown
from gateway.tokens import Scope
from partners import agreements, recognised
from schemas.codes import CODES
from schemas.errors import BadIdentifier
from schemas.identifiers import Identifier, identifier

router = APIRouter(prefix="/recognised", responses=described(401, 403, 422))


Looker = Annotated[Caller, holding(Scope.LOOKUP)]
Attacher = Annotated[Caller, holding(Scope.ATTACH)]
Programme = Annotated[str, Path(pattern=PARTNER, description="The partner programme.")]
Ref = Annotated[
    str,
    Path(
        pattern="^[0-9A-HJKMNP-TV-Z]{12}$",
        description="The reference by which the programme tells of the member.",
    ),
]
Mid = Annotated[str, Path(pattern="^[A-Z]{2}[A-Z0-9]{1,13}$", examples=["MXINVCOM123TIJ"])]


@router.get("", responses=described(404))
def recognised_by_one_number(
    here: Here,
    _caller: Looker,
    scheme: Annotated[str, Query(min_length=1, max_length=32, description="Such as MID.")],
    value: Annotated[str, Query(min_length=1, max_length=100)],
    programme: Annotated[
        str | None, Query(pattern=PARTNER, description="Only members of this programme.")
    ] = None,
) -> Answer:
    """Ask which recognised foreign members carry an identifier today.

    A MID may be shared: then all that carry it are answered.
    """
    asked = Asked(scheme=scheme, value=value)
    with here.house.database.read() as tx:
        if programme is not None:
            agreements.get(tx, programme)
        return _answers(tx, [asked], programme=programme)[0]


@router.post("/lookup")
def recognised_by_many_numbers(asked: Lookup, here: Here, _caller: Looker) -> Answers:
    """Ask for up to 3,000 identifiers at once; one that cannot be read is answered by its code."""
    with here.house.database.read() as tx:
        return Answers(answers=_answers(tx, asked.identifiers))


@router.get("/changes")
def changes_of_recognised_members(
    request: Request,
    response: Response,
    here: Here,
    _caller: Looker,
    after: After = None,
    limit: Limit = 100,
) -> Changes:
    """Read the members that changed after a cursor, each once and as it is now.

    To hold a copy: begin without a cursor, keep the newest item of each programme and ref, drop
    the gone ones, go on with `next` for ever, and keep `programmes` of the last answer. The copy
    then answers as a lookup does.
    """
    key: Any = cursor.read(after, int)
    start = 0 if key is None else key[0]
    now = datetime.now(UTC)
    with here.house.database.read() as tx:
        found = recognised.changes(tx, start, limit, now=now)
        rolls = recognised.rolls(tx, now=now)
    last = cursor.written(found[-1].place if found else start)
    response.headers.update(cursor.link(request, last))
    return Changes(
        items=[wire.changed(one) for one in found],
        next=last,
        programmes=[wire.programme(roll) for _, roll in sorted(rolls.items())],
    )


@router.get("/{programme}/{ref}", responses=described(404))
def one_recognised_member(programme: Programme, ref: Ref, here: Here, _caller: Looker) -> Shown:
    """Read one recognised member with every number it has, had or will have."""
    now = datetime.now(UTC)
    with here.house.database.read() as tx:
        return wire.member(recognised.get(tx, programme, ref, now=now))


@router.post("/{programme}/{ref}/mids", response_model=Shown, responses=described(404, 409, 503))
def attach_a_mid(
    programme: Programme,
    ref: Ref,
    asked: Attach,
    request: Request,
    here: Here,
    caller: Attacher,
    key: Key = None,
) -> Response:
    """Attach a MID to a member by hand; again with other dates changes the dates."""

    def attached() -> Shown:
        found = mids.attach(
            here.house,
            programme,
            ref,
            asked.mid,
            from_on=asked.from_on,
            until_on=asked.until_on,
            by=caller.by,
            now=datetime.now(UTC),
        )
        return wire.member(found)

    return once(here, caller, request, key, asked, attached)


@router.delete("/{programme}/{ref}/mids/{mid}", responses=described(404, 503))
def detach_a_mid(programme: Programme, ref: Ref, mid: Mid, here: Here, caller: Attacher) -> Shown:
    """End a MID that was attached by hand: from today on it is not the member's."""
    found = mids.detach(here.house, programme, ref, mid, by=caller.by, now=datetime.now(UTC))
    return wire.member(found)


def _answers(
    tx: Connection, asked: Sequence[Asked], *, programme: str | None = None
) -> list[Answer]:
    read = [_read(one) for one in asked]
    known = {one for one in read if isinstance(one, Identifier)}
    found = recognised.find(tx, known, now=datetime.now(UTC), programme=programme)
    return [_answer(one, of, found) for one, of in zip(asked, read, strict=True)]


def _read(asked: Asked) -> Identifier | BadIdentifier:
    try:
        return identifier(asked.scheme, asked.value)
    except BadIdentifier as error:
        return error


def _answer(
    asked: Asked,
    read: Identifier | BadIdentifier,
    found: dict[Identifier, list[recognised.Recognised]],
) -> Answer:
    code = read.code if isinstance(read, BadIdentifier) else None
    members = [] if isinstance(read, BadIdentifier) else found[read]
    return Answer(
        scheme=asked.scheme,
        value=asked.value,
        code=code,
        reason=None if code is None else CODES[code].title,
        members=[wire.member(one) for one in members],
    )
