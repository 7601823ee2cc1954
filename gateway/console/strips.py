"""Thirty days as `parts/strip.html` draws them, and as a table says them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from gateway.views.days import Day, Mark

HEAD: Final = ("Partner", "Settled on", "Settled, with failures", "Only failures on", "Nothing on")
_DRAWN: Final[Mapping[Mark, str]] = {
    Mark.SETTLED: "good",
    Mark.MIXED: "some",
    Mark.FAILED: "bad",
    Mark.NOTHING: "none",
}


@dataclass(frozen=True, slots=True)
class Drawn:
    day: date
    mark: str


def drawn(days: Sequence[Day]) -> list[Drawn]:
    """The marks as the picture calls them."""
    return [Drawn(one.day, _DRAWN[one.mark]) for one in days]


def in_words(days: Sequence[Day]) -> list[str]:
    """A cell for each kind of day: how many, and where there was trouble which."""
    return [
        f"{sum(one.mark is Mark.SETTLED for one in days)} days",
        _which(days, Mark.MIXED),
        _which(days, Mark.FAILED),
        f"{sum(one.mark is Mark.NOTHING for one in days)} days",
    ]


def _which(days: Sequence[Day], mark: Mark) -> str:
    return ", ".join(one.day.isoformat() for one in days if one.mark is mark) or "no day"
