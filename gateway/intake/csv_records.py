r"""Records of a CSV file (RFC 4180), in bounded memory and no matter how broken the quoting.

    record   = cell *("," cell)            a record ends at a line feed outside quotes
    cell     = quoted / plain              a plain cell holds no quote
    quoted   = '"' *(any / '""') '"'       any: also comma and line end

A record that breaks these rules costs its first line: reading goes on at the next physical line,
since the likeliest cause is a quote that was never closed. But while the quoting may still be
right, text inside quotes is never taken for a record, not where it is too long to be held and not
where the input ends in it: such text is written by companies, and could say anything of anyone.

>>> import io
>>> [(record.line, record.cells) for record in records(io.BytesIO(b'a,"b ""c"\n\n1,"2\n3"\n'))]
[(1, [b'a', b'b "c']), (3, [b'1', b'2\n3'])]
"""

from collections.abc import Iterator
from typing import NamedTuple

from gateway.intake.lines import BLANK, LINE_BYTES_MAX, Source, pieces

RECORD_BYTES_MAX = LINE_BYTES_MAX
_COMMA = ord(",")
MISQUOTED, TOO_LONG, UNFINISHED = "MRX-1006", "MRX-1005", "MRX-1008"


class Record(NamedTuple):
    """One record: its cells, or the code of why it has none.

    `line` is the physical line on which it starts. `ended` is False where the input ended first.
    """

    line: int
    cells: list[bytes] | None
    code: str | None
    ended: bool


def records(source: Source) -> Iterator[Record]:
    """Every record that is not a blank line."""
    feed = _Feed(source)
    while (piece := feed.take()) is not None:
        line, (data, ended) = feed.line, piece
        if len(data) > RECORD_BYTES_MAX or b'"' in data:
            yield _record(feed, line, data, ended=ended)
        elif data.strip(BLANK):
            yield Record(line, data.removesuffix(b"\r").split(b","), None, ended)


def _record(feed: "_Feed", line: int, data: bytes, *, ended: bool) -> Record:
    # 1. Take lines until quotes are even. In a well-formed file that is the record's end; in any
    #    other file the cells tell below.
    held, odd = bytearray(data), data.count(b'"') % 2 == 1
    while (odd or not ended) and len(held) <= RECORD_BYTES_MAX:
        if (piece := feed.take()) is None:
            break
        held += b"\n" * ended + piece[0]
        odd, ended = odd ^ (piece[0].count(b'"') % 2 == 1), piece[1]
    too_long = len(held) > RECORD_BYTES_MAX
    cells = _cells(bytes(held).removesuffix(b"\r"))

    # 2. Misquoted: only the first line is lost.
    if cells == MISQUOTED:
        _, *rest = bytes(held).split(b"\n")
        if rest:
            feed.put_back(rest, ended=ended)
            return Record(line, None, MISQUOTED, ended=True)
        ended = feed.finish_line(ended=ended)
        return Record(line, None, TOO_LONG if too_long else MISQUOTED, ended)

    # 3. Too long: what follows inside its quotes is passed over.
    if too_long:
        odd, ended = feed.finish_record(odd=odd, ended=ended)
        return Record(line, None, UNFINISHED if odd else TOO_LONG, ended and not odd)

    if isinstance(cells, str):
        return Record(line, None, cells, ended=False)
    return Record(line, cells, None, ended)


class _Feed:
    """Pieces of lines, some of them a second time. `line` is that of the piece last taken."""

    def __init__(self, source: Source) -> None:
        self.line = 0
        self._pieces = pieces(source)
        self._again: list[bytes] = []  # last line first; bytes alone, as there may be a million
        self._again_ended = True  # whether the last of them has its line end
        self._begun = False  # whether the piece last taken left its line unfinished

    def take(self) -> tuple[bytes, bool] | None:
        if self._again:
            data = self._again.pop()
            piece = data, bool(self._again) or self._again_ended
        elif (fresh := next(self._pieces, None)) is not None:
            piece = fresh
        else:
            return None
        self.line += not self._begun
        self._begun = not piece[1]
        return piece

    def put_back(self, lines: list[bytes], *, ended: bool) -> None:
        """Give lines again that were just taken; `ended` is that of the last."""
        if not self._again:
            self._again_ended = ended
        self._again.extend(reversed(lines))
        self.line -= len(lines)
        self._begun = False

    def finish_line(self, *, ended: bool) -> bool:
        """Pass over the rest of a line; say whether it has an end."""
        while not ended and (piece := self.take()) is not None:
            ended = piece[1]
        return ended

    def finish_record(self, *, odd: bool, ended: bool) -> tuple[bool, bool]:
        """Pass over the rest of a line, and over lines until its quotes are even.

        A line that cannot follow an open quote shows that the quote is a mistake: it is given
        again, as a record of its own.
        """
        while (odd or not ended) and (piece := self.take()) is not None:
            data, whole = piece[0], ended and piece[1]
            if whole and b'"' in data and _cells(b'"' + data.removesuffix(b"\r")) == MISQUOTED:
                self.put_back([data], ended=True)
                return False, True
            odd, ended = odd ^ (data.count(b'"') % 2 == 1), piece[1]
        return odd, ended


def _cells(record: bytes) -> list[bytes] | str:
    """The cells of one record, or why it has none: `MISQUOTED` or `UNFINISHED`."""
    cells: list[bytes] = []
    start = 0
    while True:
        if record.startswith(b'"', start):
            end = _closing_quote(record, start + 1)
            if end < 0:
                return UNFINISHED
            cells.append(record[start + 1 : end].replace(b'""', b'"'))
            end += 1
        else:
            end = record.find(b",", start)
            end = len(record) if end < 0 else end
            cells.append(record[start:end])
            if b'"' in cells[-1]:
                return MISQUOTED
        if end == len(record):
            return cells
        if record[end] != _COMMA:
            return MISQUOTED
        start = end + 1


def _closing_quote(record: bytes, start: int) -> int:
    end = record.find(b'"', start)
    while end >= 0 and record.startswith(b'"', end + 1):
        end = record.find(b'"', end + 2)
    return end
