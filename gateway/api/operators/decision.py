"""What every decision of an operator brings: the reason that is kept."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from gateway.acts import reasons

Line = Annotated[
    str,
    StringConstraints(
        min_length=1,
        max_length=reasons.LENGTH_MAX,
        pattern=r"^[^\x00-\x20\x7f]([^\x00-\x1f\x7f]*[^\x00-\x20\x7f])?$",
    ),
]


class Decision(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Line = Field(description="One line; kept in the ledger.")
