"""What we hold of a partner, and what we believe it holds of us: the two sides of a comparison.

    GET  /holdings                    what we hold of you: 256 sums, and how far your lanes have come
    GET  /holdings/{bucket}           the references of one bucket
    GET  /holdings/expected[/bucket]  what you should hold of us, and how far our lanes have come

A caller sees its own and nobody else's. There are no names here.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Annotated, TypeAlias

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field, StringConstraints
from sqlalchemy import select

from gateway.api import cursor
from gateway.api.context import Here
from gateway.api.cursor import After
from gateway.api.partner.identity import Partner
from gateway.api.problems import described
from outbox import epochs
from outbox import holdings as ours
from outbox.inventory import PAGE
from partners import holdings
from partners.holdings import Side
from schemas import ref as refs
from schemas.batch import Lane
from schemas.holdings import Bucket as Sum
from schemas.holdings import bucket_of, total
from schemas.tables import inbound_lanes

router = APIRouter(responses=described(401, 422, 503))

Number = Annotated[int, Path(ge=0, le=255, description="The first byte of SHA-256(ref).")]
Limit = Annotated[int, Query(ge=1, le=PAGE, description="At most this many items.")]
_Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
_Epoch = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
Ref = Annotated[str, StringConstraints(pattern=f"^{refs.PATTERN}$")]


class Bucket(BaseModel):
    """The leaves of one bucket, added up modulo 2^256 (hex), and how many there are."""

    bucket: int = Field(ge=0, le=255)
    sum: _Digest
    count: int = Field(ge=0)


class LaneTaken(BaseModel):
    """The newest batch of yours that we have taken, in one epoch of one lane."""

    lane: Lane
    epoch: _Epoch
    current: bool = Field(description="False: a later epoch has begun, this one is closed.")
    number: int = Field(ge=1)
    issue: int = Field(ge=1)
    digest: _Digest


class LaneSent(BaseModel):
    """The last batch of ours that you answered, in the present epoch of one lane; 0: none yet."""

    lane: Lane
    epoch: _Epoch
    number: int = Field(ge=0)
    digest: _Digest | None


class Holdings(BaseModel):
    """What we hold of you. `digest` is SHA-256 over the 256 sums, 32 bytes each."""

    count: int = Field(ge=0)
    digest: _Digest
    buckets: list[Bucket] = Field(min_length=256, max_length=256)
    lanes: list[LaneTaken]


class Expected(BaseModel):
    """What we believe that you hold of us, as your receipts say."""

    count: int = Field(ge=0)
    digest: _Digest
    buckets: list[Bucket] = Field(min_length=256, max_length=256)
    lanes: list[LaneSent]


class Entry(BaseModel):
    """One reference. A withdrawn one, which is never taken again, has no leaf."""

    ref: Ref
    version: int = Field(ge=0)
    leaf: _Digest | None


class Entries(BaseModel):
    items: list[Entry]
    next: str | None


_Row: TypeAlias = holdings.Held | ours.Expected


@router.get("/holdings")
def held(here: Here, partner: Partner) -> Holdings:
    """What we hold of you: count, digest, the sums of 256 buckets, and your lanes."""
    with here.house.database.read() as tx:
        sums = holdings.buckets(tx, partner, Side.THEIRS)
        query = select(inbound_lanes).where(inbound_lanes.c.partner == partner)
        rows = tx.execute(query.order_by(inbound_lanes.c.kind, inbound_lanes.c.epoch)).all()
    lanes = [
        LaneTaken(
            lane=Lane(row.kind),
            epoch=row.epoch,
            current=row.current,
            number=row.number,
            issue=row.issue,
            digest=row.digest,
        )
        for row in rows
    ]
    whole = total(sums)
    return Holdings(count=whole.count, digest=whole.digest, buckets=_buckets(sums), lanes=lanes)


@router.get("/holdings/expected")
def expected(here: Here, partner: Partner) -> Expected:
    """What you should hold of us, as your receipts say, and how far our lanes have come."""
    with here.house.database.read() as tx:
        sums = holdings.buckets(tx, partner, Side.OURS)
        sent = epochs.sent(tx, partner)
    lanes = [
        LaneSent(lane=kind, epoch=one.epoch, number=one.number, digest=one.digest)
        for kind, one in sorted(sent.items())
    ]
    whole = total(sums)
    return Expected(count=whole.count, digest=whole.digest, buckets=_buckets(sums), lanes=lanes)


@router.get("/holdings/expected/{bucket}")
def expected_bucket(
    bucket: Number,
    request: Request,
    response: Response,
    here: Here,
    partner: Partner,
    *,
    after: After = None,
    limit: Limit = PAGE,
) -> Entries:
    """The references of one bucket that you should hold, in their order."""
    with here.house.database.read() as tx:
        rows = ours.every(tx, partner, after=_ref(after))
        return _page(rows, bucket, limit, request, response)


@router.get("/holdings/{bucket}")
def held_bucket(
    bucket: Number,
    request: Request,
    response: Response,
    here: Here,
    partner: Partner,
    *,
    after: After = None,
    limit: Limit = PAGE,
) -> Entries:
    """The references of one bucket that we hold of you, and those you withdrew, in their order."""
    with here.house.database.read() as tx:
        rows = holdings.theirs(tx, partner, after=_ref(after))
        return _page(rows, bucket, limit, request, response)


def _buckets(sums: list[Sum]) -> list[Bucket]:
    return [
        Bucket(bucket=number, sum=one.bytes.hex(), count=one.count)
        for number, one in enumerate(sums)
    ]


def _ref(after: str | None) -> str:
    key = cursor.read(after, str)
    return "" if key is None else str(key[0])


def _page(
    rows: Iterator[_Row], number: int, limit: int, request: Request, response: Response
) -> Entries:
    some = list(islice((row for row in rows if bucket_of(row.ref) == number), limit + 1))
    shown, following = cursor.cut(some, limit, lambda row: (row.ref,))
    response.headers.update(cursor.link(request, following))
    items = [
        Entry(ref=row.ref, version=row.version, leaf=None if row.leaf is None else row.leaf.hex())
        for row in shown
    ]
    return Entries(items=items, next=following)
