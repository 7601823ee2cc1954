r"""Physical lines of an input nobody vouches for, in memory that does not depend on it.

A line ends at a line feed and nowhere else: U+0085 and U+2028 are characters of a text. An input
of one endless line costs what a short one costs.
"""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from schemas.errors import BadRecord

CHUNK_BYTES = 256 * 1024
# A member with its longest name and dozens of identifiers stays below 10 KiB; what is longer than
# this has lost its line ends (ENGINE 4).
LINE_BYTES_MAX = 1024 * 1024
BLANK = b" \t\r"
BOM = b"\xef\xbb\xbf"


class Source(Protocol):
    """Where bytes come from: at most `size` at a time, none at the end."""

    def read(self, size: int, /) -> bytes: ...


class Line(NamedTuple):
    """One line without its end.

    `ended` is False where the input ended instead. A line over `LINE_BYTES_MAX` is `too_long` and
    has no data.
    """

    number: int
    data: bytes
    ended: bool
    too_long: bool


_new = tuple.__new__  # half the time of a named tuple's own constructor


def lines(source: Source) -> Iterator[Line]:
    """Every line that is not blank, numbered from 1 with the blank ones counted.

    A byte order mark before the first line and one carriage return before a line's end are no
    part of a line.
    """
    number, too_long = 1, False
    for run, ended in _runs(source):
        for data in run:
            too_long = too_long or len(data) > LINE_BYTES_MAX
            if too_long:
                if not ended:
                    continue
                yield Line(number, b"", ended, too_long)
            elif data.strip(BLANK):
                yield _new(Line, (number, data.removesuffix(b"\r"), ended, False))
            number, too_long = number + 1, False
    if too_long:
        yield Line(number, b"", ended=False, too_long=True)


def pieces(source: Source) -> Iterator[tuple[bytes, bool]]:
    """Whole lines, and lines longer than `LINE_BYTES_MAX` in pieces; True where a line ends.

    A piece is never longer than `LINE_BYTES_MAX` and a chunk, and never empty unless a line ends
    with it. Nothing is stripped but the byte order mark.
    """
    for run, ended in _runs(source):
        for piece in run:
            yield piece, ended


def _runs(source: Source) -> Iterator[tuple[list[bytes], bool]]:
    """The same pieces, as many at once as came at once."""
    tail = bytearray()  # not bytes: a source of one byte at a time must not cost a square
    for chunk in _chunks(source):
        first, *rest = chunk.split(b"\n")
        tail += first
        if rest:
            whole = [bytes(tail), *rest]
            tail = bytearray(whole.pop())
            yield whole, True
        if len(tail) > LINE_BYTES_MAX:
            yield [bytes(tail)], False
            tail.clear()
    if tail:
        yield [bytes(tail)], False


def _chunks(source: Source) -> Iterator[bytes]:
    head = b""
    while len(head) < len(BOM) and (more := source.read(CHUNK_BYTES)):
        head += more
    yield head.removeprefix(BOM)
    while chunk := source.read(CHUNK_BYTES):
        yield chunk


def text(data: bytes) -> str:
    r"""Return the text, or raise `BadRecord`: MRX-1001 (not UTF-8), MRX-1004 (lone surrogate).

    >>> text(b"\xed\x95\x9c")
    '한'
    >>> text(b"\xed\xa0\x80")
    Traceback (most recent call last):
        ...
    schemas.errors.BadRecord: MRX-1004 the line holds a lone surrogate; repair the text at its source
    """
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise BadRecord(_why_not_utf8(data)) from None


def _why_not_utf8(data: bytes) -> str:
    try:
        units = data.decode(errors="surrogatepass").encode("utf-16-le", errors="surrogatepass")
    except UnicodeDecodeError:
        return "MRX-1001"
    try:
        units.decode("utf-16-le")
    except UnicodeDecodeError:
        return "MRX-1004"
    return "MRX-1001"  # surrogates in pairs: CESU-8, an encoding and not a damaged text
