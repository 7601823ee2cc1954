"""The JSON of one member: as the source said it, as a partner would be told, who was told.

Made from the dataclasses of the rooms below, field by field; ids become strings.
"""

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from gateway.api.parameters import PARTNER
from outbox.preview import Preview
from schemas.codes import CODES, Repairer
from schemas.member import ACCOUNT

Account = Annotated[
    str, Path(pattern=f"^{ACCOUNT.pattern}$", description="The member's account, 5 to 9 digits.")
]
Programme = Annotated[str, Path(pattern=PARTNER, description="A partner, such as mx-neec.")]


class Wire(BaseModel):
    """Read from an object with these fields."""

    model_config = ConfigDict(from_attributes=True, coerce_numbers_to_str=True)


class Obstacle(Wire):
    """What stands in the way: a stable code, in words, and who can repair it, if anybody has to."""

    code: str
    reason: str
    repair: str
    repairer: Repairer | None


def obstacle(code: str | None) -> Obstacle | None:
    if code is None:
        return None
    entry = CODES[code]
    return Obstacle(code=code, reason=entry.title, repair=entry.repair, repairer=entry.repairer)


class Numbered(Wire):
    scheme: str
    value: str


class Standing(Wire):
    """The newest word of the company about one programme."""

    programme: str
    event: Literal["granted", "revoked"]
    at: datetime
    text: str | None


class Noticed(Wire):
    """One notice about the member, and where it is."""

    partner: str
    lane: Literal["urgent", "routine"]
    state: Literal["pending", "blocked", "refused", "held"]
    kind: Literal["announcement", "withdrawal"]
    ref: str | None
    since: datetime
    obstacle: Obstacle | None
    partner_code: str | None = Field(description="The partner's own word, where it refused.")


class MemberShown(Wire):
    """A member as the source last described it, its consents, and where its news is.

    `present` is false once a full list left it out; `unknown_status` is true while the source's
    last word for its status was one nobody knows.
    """

    account: str
    name: str
    identifiers: list[Numbered]
    status: str
    member_since: date
    business_type: str | None
    version: int
    as_of: datetime
    present: bool
    unknown_status: bool
    consents: list[Standing]
    notices: list[Noticed]


class RecordShown(Wire):
    """The four items and nothing else. `ref` is null where the first telling will draw one."""

    ref: str | None
    version: int
    name: str
    identifiers: list[Numbered]
    status: str
    member_since: date


class PreviewShown(Wire):
    """What one partner would be told of one member now.

    `tell`: `record`, and `document`, which is the record alone in the partner's `format`; where
    `ref` is null it has twelve zeros in its place. `blocked`: `obstacle` says why. `nothing`:
    `reason` does. `withdrawals` are references the partner is, or would now be, asked to delete.
    """

    account: str
    programme: str
    decision: Literal["tell", "blocked", "nothing"]
    obstacle: Obstacle | None
    partner_code: str | None
    reason: str | None
    record: RecordShown | None
    format: str | None
    document: str | None
    consent_id: str | None
    consent_text: str | None
    lane: Literal["urgent", "routine"] | None
    withdrawals: list[str]


def previewed(found: Preview) -> PreviewShown:
    """The JSON of a preview."""
    record = None
    if found.record is not None:
        record = RecordShown(
            ref=found.ref,
            version=found.record.version,
            name=found.record.name,
            identifiers=[Numbered.model_validate(one) for one in found.record.identifiers],
            status=found.record.status.value,
            member_since=found.record.member_since,
        )
    return PreviewShown(
        account=found.account,
        programme=found.partner,
        decision=found.decision,
        obstacle=obstacle(found.code),
        partner_code=found.partner_code,
        reason=found.why,
        record=record,
        format=found.format,
        document=found.document,
        consent_id=None if found.consent_id is None else str(found.consent_id),
        consent_text=found.text,
        lane=None if found.lane is None else found.lane.value,
        withdrawals=list(found.withdrawals),
    )
