"""A whole input, read line by line: each line is taken, or rejected by its number and a code.

    bytes -> lines -> json_lines | csv_lines -> fields -> members | events -> Taken | Rejected

One bad line never sinks the others (P10), and nothing here depends on how long the input is but
the set of accounts that stood in it, which is small (`gateway.intake.seen`).
"""

import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Generic, Literal, NamedTuple, Protocol, TypeVar

from gateway.intake import csv_lines, json_lines
from gateway.intake.lines import Source, lines
from gateway.intake.seen import Seen
from gateway.intake.shape import Entry, Shape
from schemas.errors import BadRecord
from schemas.member import ACCOUNT


class Item(Protocol):
    """What a line can become: it is of an account."""

    @property
    def account(self) -> str: ...


T = TypeVar("T", bound=Item)
Line = TypeVar("Line")
Format = Literal["ndjson", "csv"]
_ENTRIES: Mapping[Format, Callable[[Source, Shape], Iterator[Entry]]] = {
    "ndjson": json_lines.entries,
    "csv": csv_lines.entries,
}
# How a pipe, a file or a compressed stream says that there is less of it than there should be.
_BROKEN = (OSError, EOFError, zlib.error)
# What is taken in one transaction is held in memory: some thousand usual lines are below this.
CHUNK_BYTES_MAX = 4 << 20
_NOT_READ = frozenset({"MRX-1001", "MRX-1002", "MRX-1005", "MRX-1008"})


class Taken(NamedTuple, Generic[T]):
    """A line that became a member or an event. `line` is the physical line it starts on."""

    line: int
    item: T
    warnings: tuple[str, ...]


class Rejected(NamedTuple):
    """A line that was not taken.

    Of what it says only the account is here, where that is readable and well-formed. `reason` is
    the general sentence of the code.
    """

    line: int
    account: str | None
    code: str
    reason: str

    @property
    def status_unknown(self) -> bool:
        """Whether announcements of the account wait until the source sends a known word."""
        return self.code == "MRX-1110"


_new = tuple.__new__  # half the time of a named tuple's own constructor
Take = Callable[[Mapping[str, object]], tuple[T, tuple[str, ...]]]
Plain = Callable[[bytes], tuple[T, tuple[str, ...]] | None]


@dataclass(slots=True)
class Tally:
    """What a reading adds up to; complete once the reading is exhausted."""

    read: int = 0
    bytes: int = field(default=0, compare=False)  # of the source, a little ahead of the lines
    dropped_fields: int = 0
    warnings: Counter[str] = field(default_factory=Counter)
    unreadable_account: bool = False  # a rejected line did not say whom it is about
    ended_early: bool = False  # the input broke off, or could not be begun

    @property
    def whole(self) -> bool:
        """Whether an account that stood nowhere was left out on purpose, as far as one can tell.

        A snapshot of an input that is not whole withdraws nobody.
        """
        return not self.unreadable_account and not self.ended_early


def header(source: Source, *, format: Format, shape: Shape) -> None:  # noqa: A002 - as below
    """Read the header of an input that has one; raises `BadRecord` if nothing under it can be read.

    The source is left somewhere behind its header.
    """
    _ENTRIES[format](source, shape)


def read(
    source: Source,
    *,
    format: Format,  # noqa: A002 - the word of the command line
    shape: Shape,
    take: Take[T],
    tally: Tally,
    plain: Plain[T] = lambda _: None,
) -> Iterator[Taken[T] | Rejected]:
    """Read an input of records of one shape, and add it up in `tally`.

    `take` makes an item and the codes of its warnings of the fields, or raises `BadRecord`; `plain`
    makes the same of a line of JSON that has nothing unusual about it, in less time, or None. A CSV
    file without a usable header is one rejection, of line 1. An account that may stand once (see
    `Shape.once`) stands on the first line that names it, even if that line is rejected: which of
    two lines is right is not ours to choose. An input that breaks off ends in a rejection too;
    this raises nothing but what `take` raises beside `BadRecord`.
    """
    watched = _Watched(source, tally)
    judge = _Judge(shape, take, tally, csv=format == "csv")
    line = 0
    try:
        if format == "csv":
            rows = csv_lines.entries(watched, shape)
            found: Iterator[Taken[T] | Rejected] = map(judge.entry, rows)
        else:
            found = _json(watched, shape, judge, plain)
    except BadRecord as fault:
        tally.unreadable_account = tally.ended_early = True
        yield Rejected(1, None, fault.code, fault.reason)
        return
    for one in found:
        line = one.line
        yield one
    if watched.broken and not tally.ended_early:
        tally.ended_early = True
        broken = BadRecord("MRX-1008")
        yield Rejected(line + 1, None, broken.code, broken.reason)


def chunks(lines: Iterator[Line], tally: Tally, *, most: int) -> Iterator[list[Line]]:
    """Lines of a reading, at most so many at a time and no more than their bytes allow: lines may
    be long, and what is made of them longer.
    """
    chunk: list[Line] = []
    begun = tally.bytes
    for line in lines:
        chunk.append(line)
        if len(chunk) == most or tally.bytes - begun >= CHUNK_BYTES_MAX:
            yield chunk
            chunk, begun = [], tally.bytes
    if chunk:
        yield chunk


class _Judge(Generic[T]):
    """Takes or rejects entries one by one, and adds them up."""

    def __init__(self, shape: Shape, take: Take[T], tally: Tally, *, csv: bool) -> None:
        self.seen = Seen() if shape.once else None
        self.tally = tally
        self._take, self._csv = take, csv

    def entry(self, entry: Entry) -> Taken[T] | Rejected:
        tally = self.tally
        tally.read += 1
        tally.dropped_fields += entry.dropped
        account = _account(entry)
        try:
            if account is not None and self.seen is not None:
                _see(account, self.seen)
            if entry.fields is None:
                assert entry.fault is not None, "an entry has fields or a fault"
                raise entry.fault
            item, warnings = self._take(entry.fields)
        except BadRecord as fault:
            tally.unreadable_account |= account is None
            cut_off = fault.code in _NOT_READ or self._csv
            tally.ended_early |= cut_off and not entry.ended
            return Rejected(entry.line, account, fault.code, fault.reason)
        for code in warnings:
            tally.warnings[code] += 1
        return Taken(entry.line, item, warnings)


def _json(
    source: Source, shape: Shape, judge: _Judge[T], plain: Plain[T]
) -> Iterator[Taken[T] | Rejected]:
    """Lines of JSON; a plain one is taken without a second look."""
    tally, seen = judge.tally, judge.seen
    for line in lines(source):
        told = plain(line.data)
        # An account that stood before is not entered again: the second look says so.
        if told is None or (seen is not None and not seen.add(told[0].account)):
            yield judge.entry(json_lines.entry(line, shape))
            continue
        item, warnings = told
        tally.read += 1
        for code in warnings:
            tally.warnings[code] += 1
        yield _new(Taken, (line.number, item, warnings))


def _account(entry: Entry) -> str | None:
    account = entry.account if entry.fields is None else entry.fields.get("account")
    return account if isinstance(account, str) and ACCOUNT.fullmatch(account) else None


def _see(account: str, seen: Seen) -> None:
    if not seen.add(account):
        raise BadRecord("MRX-1113")


class _Watched:
    """A source that ends where it breaks, and remembers that it did; counts its bytes."""

    def __init__(self, source: Source, tally: Tally) -> None:
        self.broken = False
        self._source, self._tally = source, tally

    def read(self, size: int, /) -> bytes:
        if self.broken:
            return b""
        try:
            data = self._source.read(size)
        except _BROKEN:
            self.broken = True
            return b""
        self._tally.bytes += len(data)
        return data
