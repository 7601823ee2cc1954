"""Papers: what the arrangement allows, and the schemas of what is exchanged under it."""

from datetime import date
from hashlib import sha256
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Path, Response
from pydantic import BaseModel, Field

from gateway.api.context import Context, Here
from gateway.api.partner.certificates import ECHO_FILE_BYTES_MAX
from gateway.api.partner.identity import Partner
from gateway.api.problems import described
from outbox import lane
from partners import agreements
from partners.agreements import Registered
from schemas.document import xsd_path
from schemas.errors import BadRequest

router = APIRouter(responses=described(401, 422, 503))

# What a record can hold, and nothing else (P2).
ITEMS = ("name", "identifiers", "status", "member_since")
ENVELOPE = "exchange/1.0"
XML = "application/xml"
# As GET /batches/next takes it; a test compares the two.
WAIT_SECONDS_MAX = 60


class LanePaper(BaseModel):
    """One of the two streams from us to the partner."""

    lane: Literal["urgent", "routine"]
    epoch: str = Field(description="The life of the lane in which its numbers count.")
    next_number: int = Field(description="The number that the next new batch will have.")


class Limits(BaseModel):
    """Bounds of what we take and make, in bytes unless it says otherwise."""

    batch_bytes: int = Field(description="The largest batch file taken here.")
    receipt_bytes: int = Field(description="The largest receipt file taken here.")
    echo_bytes: int = Field(description="The largest file that is echoed.")
    batch_notices: int = Field(description="Announcements and withdrawals in a batch of ours.")
    wait_seconds: int = Field(description="The longest wait for a batch that may be asked for.")


class SchemaPaper(BaseModel):
    """An XSD. `address` is relative to this gateway's own address."""

    name: str
    format: str
    address: str
    sha256: str


class AgreementPaper(BaseModel):
    """What the arrangement allows, as it is registered here."""

    home: str
    partner: str
    enabled: bool = Field(description="Whether the exchange is switched on here.")
    stage: int = Field(ge=1, le=9, description="Of the nine steps; members are told from 8 on.")
    stage_name: str
    signed_on: date
    effective_on: date
    ended_on: date | None = Field(description="The first day on which it holds no more.")
    format: str = Field(description="The document of the pair, in both directions.")
    items: list[str] = Field(description="What a record holds; never more.")
    schemes: list[str] = Field(description="Identifier schemes that we may tell.")
    statuses: list[str] = Field(description="Status words that we may tell.")
    business_types: list[str] | None = Field(description="Of our members; null: all.")
    coverage: list[str] | None = Field(
        description="Categories of your members that are recognised; null: all."
    )
    quarantine_percent: int = Field(
        description="A batch of yours that changes your roll by more than this waits for a person."
    )
    rhythm_hours: int = Field(description="Silent for longer, what you told is stale.")
    lanes: list[LanePaper]
    limits: Limits
    schemas: list[SchemaPaper]


class SchemaList(BaseModel):
    items: list[SchemaPaper]
    next: None = Field(description="There is one page.")


@router.get("/agreement")
def agreement(here: Here, partner: Partner) -> AgreementPaper:
    """Say what the arrangement allows, where our lanes stand, and what is too large."""
    with here.house.database.read() as tx:
        registered = agreements.get(tx, partner)
        lanes = [
            LanePaper(lane=row.kind, epoch=row.epoch, next_number=row.next_number)
            for row in lane.of(tx, partner)
        ]
    return _paper(here, registered, lanes)


@router.get("/schemas")
def schemas(here: Here, partner: Partner) -> SchemaList:
    """List the schemas of what is exchanged with you: the envelope and the document."""
    return SchemaList(items=[_schema(form) for form in _formats(here, partner)], next=None)


@router.get(
    "/schemas/{name}.xsd",
    response_class=Response,
    responses={
        200: {"description": "The XSD.", "content": {XML: {"schema": {"type": "string"}}}},
        304: {"description": "Not Modified: it is the one you have."},
        **described(404),
    },
)
def schema(
    name: Annotated[
        str,
        Path(
            max_length=80,
            pattern=r"^[a-z]+(-[a-z0-9]+)*-[0-9]+\.[0-9]+$",
            examples=["exchange-1.0"],
        ),
    ],
    here: Here,
    partner: Partner,
    if_none_match: Annotated[
        str | None, Header(max_length=1_000, description="The ETag of the one you have.")
    ] = None,
) -> Response:
    """Get one XSD. Schemas of other pairs are not here for you."""
    form = next((form for form in _formats(here, partner) if _name(form) == name), None)
    if form is None:
        raise BadRequest("MRX-7004")
    content = xsd_path(form).read_bytes()
    tag = f'"{sha256(content).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if _known(if_none_match, tag):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=XML, headers=headers)


def _paper(here: Context, registered: Registered, lanes: list[LanePaper]) -> AgreementPaper:
    agreed = registered.agreement
    types = agreed.business_types
    return AgreementPaper(
        home=here.house.programme,
        partner=agreed.partner,
        enabled=agreed.enabled,
        stage=int(agreed.stage),
        stage_name=agreed.stage.name.lower(),
        signed_on=registered.signed_on,
        effective_on=agreed.effective_on,
        ended_on=agreed.ended_on,
        format=agreed.format,
        items=list(ITEMS),
        schemes=sorted(agreed.schemes),
        statuses=sorted(status.value for status in agreed.statuses),
        business_types=None if types is None else sorted(types),
        coverage=None if registered.coverage is None else sorted(registered.coverage),
        quarantine_percent=registered.quarantine_percent,
        rhythm_hours=int(registered.rhythm.total_seconds()) // 3600,
        lanes=lanes,
        limits=Limits(
            batch_bytes=here.settings.body_bytes_max,
            receipt_bytes=here.house.terms.receipt_bytes_max,
            echo_bytes=ECHO_FILE_BYTES_MAX,
            batch_notices=lane.BATCH_MAX,
            wait_seconds=WAIT_SECONDS_MAX,
        ),
        schemas=[_schema(form) for form in (ENVELOPE, agreed.format)],
    )


def _formats(here: Context, partner: str) -> tuple[str, str]:
    with here.house.database.read() as tx:
        return ENVELOPE, agreements.get(tx, partner).agreement.format


def _schema(form: str) -> SchemaPaper:
    return SchemaPaper(
        name=_name(form),
        format=form,
        address=f"/v1/partner/schemas/{_name(form)}.xsd",
        sha256=sha256(xsd_path(form).read_bytes()).hexdigest(),
    )


def _name(form: str) -> str:
    return form.replace("/", "-")


def _known(if_none_match: str | None, tag: str) -> bool:
    """RFC 9110, 13.1.2; for a GET a weak tag counts as the strong one."""
    told = (one.strip().removeprefix("W/") for one in (if_none_match or "").split(","))
    return any(one in (tag, "*") for one in told)
