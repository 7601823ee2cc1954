"""A count that is exact up to a bound: nobody acts otherwise on 2 000 000 than on 1 000 000."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

MOST: Final = 100_000
"""Counted exactly up to here; a page must not read a million rows to say how many they are."""
SOME: Final = 10_000
"""The same where every partner is counted at once."""


def bound(only: str | None) -> int:
    """How far to count: further for one partner than for all of them."""
    return SOME if only is None else MOST


@dataclass(frozen=True, slots=True)
class Count:
    """`n` of them, or `more` than that.

    >>> str(Count(12)), str(Count(100_000, more=True))
    ('12', 'over 100000')
    """

    n: int
    more: bool = False

    @classmethod
    def of(cls, counted: int, most: int = MOST) -> "Count":
        """From a query that stopped one after `most`."""
        return cls(min(counted, most), counted > most)

    def __add__(self, other: "Count") -> "Count":
        return Count(self.n + other.n, self.more or other.more)

    def __bool__(self) -> bool:
        return self.n > 0

    def __str__(self) -> str:
        return f"over {self.n}" if self.more else str(self.n)


NONE: Final = Count(0)


def total(counts: Iterable[Count]) -> Count:
    """All of them together."""
    return sum(counts, NONE)
