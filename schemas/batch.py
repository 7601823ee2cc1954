"""A batch: one signed, numbered document of notices for one partner.

A notice is one thing to tell one partner about one member: an announcement (here is its current
state) or a withdrawal (delete it; a reference, never a reason).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from schemas.record import Record


class Lane(StrEnum):
    """The two ordered streams to a partner, numbered apart."""

    URGENT = "urgent"
    ROUTINE = "routine"


@dataclass(frozen=True, slots=True)
class Announcement:
    record: Record

    @property
    def ref(self) -> str:
        return self.record.ref


@dataclass(frozen=True, slots=True)
class Withdrawal:
    ref: str


Notice = Announcement | Withdrawal


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What stands at the head of a batch.

    `epoch` is the random number of the lane's life (16 hex digits). Digests are SHA-256 of a whole
    CMS file, 64 hex digits: `replaces` of the issue this one replaces (None for issue 1),
    `previous` of the batch before (None for number 1). `created` is aware, in UTC, whole seconds.
    """

    sender: str
    recipient: str
    lane: Lane
    epoch: str
    number: int
    issue: int
    replaces: str | None
    previous: str | None
    created: datetime
    format: str
    agreement: str
    texts: tuple[str, ...]
    announcements: int
    withdrawals: int
