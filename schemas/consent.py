"""Consent: an officer's permission to tell one programme about one member, under one text.

    (nothing) --granted--> in force --revoked--> revoked --granted--> in force ...

The newest event decides; of two events at one instant the revocation wins. A text is data: what
was signed says which items may leave, and whether benefit tiers are among them.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Event(StrEnum):
    GRANTED = "granted"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentText:
    """One wording that officers sign. `schemes` are the identifier schemes it names."""

    id: str
    valid_from: date
    programmes: frozenset[str]
    schemes: frozenset[str]
    names_tiers: bool = False

    def covers(self, programme: str, on: date) -> bool:
        return programme in self.programmes and self.valid_from <= on


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentEvent:
    """One signed or withdrawn permission. `at` is aware; a grant names the officer's title and the
    text; `evidence` is the SHA-256 (hex) of the signed statement, where the source has one.
    """

    account: str
    programme: str
    event: Event
    at: datetime
    officer_title: str | None = None
    text: str | None = None
    evidence: str | None = None

    def __post_init__(self) -> None:
        assert self.at.tzinfo is not None, "events carry aware times"
        if self.event is Event.GRANTED:
            assert self.officer_title, "a grant names its officer"
            assert self.text, "a grant names its text"
