"""A batch and its story as JSON: the wire models of `gateway.api.operators.batches`."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from gateway.acts.batches import Why
from outbox.batch import State
from schemas.batch import Lane


class Batch(BaseModel):
    """One number of one lane, at its newest issue."""

    id: str
    partner: str
    lane: Lane
    epoch: str
    number: int
    issue: int
    state: State
    digest: str
    previous_digest: str | None
    announcements: int
    withdrawals: int
    bytes: int
    attempts: int
    code: str | None
    sealed_at: datetime
    first_sent_at: datetime
    closed_at: datetime | None


class BatchList(BaseModel):
    items: list[Batch]
    next: str | None


class Attempt(BaseModel):
    """One transmission. `ended_at` is null while nobody knows how it ended."""

    n: int
    began_at: datetime
    ended_at: datetime | None
    outcome: str | None
    code: str | None
    detail: str | None


class Receipt(BaseModel):
    """One receipt that verified, under the certificate of this fingerprint."""

    level: str
    verdict: str | None
    digest: str
    certificate: str
    received_at: datetime


class Looked(BaseModel):
    """Why a name is looked at; kept in the ledger."""

    model_config = ConfigDict(extra="forbid")

    why: Why


class Named(BaseModel):
    """The name of the member that a notice is about, as the roll has it now."""

    ref: str
    name: str


class Issue(BaseModel):
    """One issue of the number. `left_out` counts by reason the notices it no longer says."""

    issue: int
    digest: str
    sealed_at: datetime
    erased_at: datetime | None = Field(
        description="When its file went because its term was over; the digest stays."
    )
    why: str | None
    left_out: dict[str, int]
    attempts: list[Attempt]
    receipts: list[Receipt]


class NextTry(BaseModel):
    """When it is tried again, or what for it waits."""

    at: datetime | None
    waits_for: str | None


class TimeLine(BaseModel):
    batch: Batch
    issues: list[Issue]
    unshown: int = Field(description="Attempts between the first and the last, if very many.")
    next_try: NextTry | None = Field(description="Null once it is answered.")
    outcomes: dict[str, int]


class BatchNotice(BaseModel):
    """One notice of a batch; the account is masked for who may not see companies."""

    ref: str
    account: str
    kind: str
    version: int | None
    dropped_issue: int | None
    outcome: str | None
    code: str | None


class BatchNoticeList(BaseModel):
    items: list[BatchNotice]
    next: str | None


class Said(BaseModel):
    ref: str
    account: str
    version: int | None


class Compared(BaseModel):
    """An issue against the one before: references that left, that came, and that it says anew."""

    issue: int
    left: list[Said]
    came: list[Said]
    changed: list[Said]
    same: int
