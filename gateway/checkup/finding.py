"""What a step of a checkup finds, and what is known of the way so far."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from gateway.checkup.reaching import Address, Handshake
from outbox.house import House
from signing.certificate import Certificate


class Result(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one step found, in a sentence; `next` is what to do about it, if there is anything."""

    step: str
    result: Result
    sentence: str
    next: str | None


@dataclass(frozen=True, slots=True)
class Found:
    """A step that went well enough."""

    sentence: str
    next: str | None = None
    result: Result = Result.OK


@dataclass(slots=True, kw_only=True)
class Way:
    """What is known of the way so far."""

    house: House
    partner: str
    address: Address
    format: str
    pinned: list[Certificate]
    clock: Callable[[], datetime]
    deadline: float
    ips: list[str] = field(default_factory=list)
    ip: str = ""  # the one that took the connection
    server: Handshake | None = None
    paper: Mapping[str, Any] = field(default_factory=dict)
    apart: timedelta | None = None  # their Date from our clock
    answered: bool = False
