"""Who was told about a company, for operators' tools. POST, so that no company stands in an address."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from gateway.acts import reasons, statements
from gateway.acts.statements import Grounds
from gateway.api.context import Here
from gateway.api.operators.acting import Acting, Looks, acting
from gateway.api.parameters import TEXT
from gateway.api.problems import described
from gateway.api.source.disclosure_wire import Disclosures, disclosures
from gateway.identity.roles import Right
from gateway.views.told import TEXT_MAX, By
from outbox.transport import MEDIA_TYPE
from schemas.member import ACCOUNT

router = APIRouter(prefix="/told", responses=described(401, 403, 404, 422, 503))

States = Annotated[Acting, acting(Right.STATE)]


class _Why(BaseModel):
    """The reason for looking; the ledger has it before anything is answered."""

    model_config = ConfigDict(extra="forbid")

    why: Literal["company", "audit", "incident", "other"] = Field(
        description="`company`: it asked itself. `other` needs the line."
    )
    line: Annotated[str, Field(max_length=reasons.LENGTH_MAX, pattern=r"^[^\x00-\x1f\x7f]*$")] = (
        Field(default="", description="More about why, in one line.")
    )

    @property
    def grounds(self) -> Grounds:
        return statements.grounds(self.why, self.line)


class LookUp(_Why):
    """Whom to look for: the whole account, the beginning of a name, or a whole identifier."""

    by: By
    text: Annotated[str, Field(min_length=1, max_length=TEXT_MAX, pattern=TEXT)]


class AskedStatement(_Why):
    account: Annotated[str, Field(pattern=f"^{ACCOUNT.pattern}$")]


class Company(BaseModel):
    account: str
    name: str


class Looked(BaseModel):
    """The companies that fit, twenty at most; `told` is the answer, if it is one."""

    found: list[Company]
    told: Disclosures | None


@router.post("")
def who_was_told(look: LookUp, here: Here, actor: Looks) -> Looked:
    """Look a company up, and show who was told about it if just one fits."""
    looked = statements.look(
        here.house, actor, look.by, look.text, look.grounds, now=datetime.now(UTC)
    )
    return Looked(
        found=[Company(account=one.account, name=one.name) for one in looked.found],
        told=None if looked.told is None else disclosures(looked.told.statement),
    )


@router.post(
    "/statement",
    response_class=Response,
    responses={200: {"content": {MEDIA_TYPE: {}}, "description": "The signed file."}},
)
def signed_statement(asked: AskedStatement, here: Here, actor: States) -> Response:
    """Issue the statement of a company as a signed file, for the company."""
    now = datetime.now(UTC)
    signed = statements.issue(here.house, actor, asked.account, asked.grounds, now=now)
    return Response(signed.file, media_type=MEDIA_TYPE)
