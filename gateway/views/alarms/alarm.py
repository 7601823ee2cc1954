"""An alarm, and how lengths of time and numbers of things stand in its sentence."""

from dataclasses import dataclass
from datetime import timedelta

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


def long(length: timedelta) -> str:
    """A length of time as people say it.

    >>> long(timedelta(minutes=5)), long(timedelta(hours=26)), long(timedelta(days=4, hours=3))
    ('5 min', '26 h', '4 days')
    """
    minutes = max(0, int(length.total_seconds())) // 60
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 72 * 60 else f"{minutes // (24 * 60)} days"


def many(n: Count | int, thing: str, things: str | None = None) -> str:
    """How many of a thing.

    >>> many(1, "lane"), many(2, "batch", "batches"), many(Count(100_000, more=True), "notice")
    ('1 lane', '2 batches', 'over 100000 notices')
    """
    return f"{n} {thing}" if n in (1, Count(1)) else f"{n} {things or thing + 's'}"
