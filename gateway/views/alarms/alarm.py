"""An alarm, and how numbers of things stand in its sentence."""

from dataclasses import dataclass

from gateway.views.count import Count


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """`kind` is stable, for programs. `partner` is None for this gateway itself. `bad`: now; else
    soon. `path` is a page of the console, below its root; `link` says what one does there.
    """

    kind: str
    partner: str | None
    bad: bool
    sentence: str
    code: str | None
    path: str
    link: str


def many(n: Count | int, thing: str, things: str | None = None) -> str:
    """How many of a thing.

    >>> many(1, "lane"), many(2, "batch", "batches"), many(Count(100_000, more=True), "notice")
    ('1 lane', '2 batches', 'over 100000 notices')
    """
    return f"{n} {thing}" if n in (1, Count(1)) else f"{n} {things or thing + 's'}"
