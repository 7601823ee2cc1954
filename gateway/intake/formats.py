"""Which format an input has: told by its name, or by its first line."""

from pathlib import PurePath

from gateway.intake.lines import BOM, CHUNK_BYTES, Source
from gateway.intake.reading import Format

STDIN = "-"


def format_of(path: str | PurePath, source: Source) -> tuple[Format, Source]:
    """Return the format, and the source to read from instead of the one given.

    A name that ends in `.csv` is CSV, any other NDJSON. Standard input, `-`, is CSV if its first
    line that is not blank is a header that names the column `account`; else NDJSON, so that a
    first line that is neither is one bad line and not a bad file.
    """
    if str(path) != STDIN:
        return ("csv" if PurePath(path).suffix.lower() == ".csv" else "ndjson"), source
    head = b""
    while len(head) < CHUNK_BYTES and not _told(head) and (more := source.read(CHUNK_BYTES)):
        head += more
    header, _, _ = _first(head).partition(b"\n")
    columns = [cell.strip(b' "\r') for cell in header.split(b",")]
    return ("csv" if b"account" in columns else "ndjson"), _Again(head, source)


def _told(head: bytes) -> bool:
    """Whether enough has come to tell: an object's brace, or the whole first line."""
    first = _first(head)
    return first.startswith(b"{") or b"\n" in first


def _first(head: bytes) -> bytes:
    if BOM.startswith(head):  # part of a mark: what follows it decides
        return b""
    return head.removeprefix(BOM).lstrip()


class _Again:
    """A source whose first bytes were read before."""

    def __init__(self, head: bytes, source: Source) -> None:
        self._head = head
        self._source = source

    def read(self, size: int, /) -> bytes:
        if not self._head:
            return self._source.read(size)
        head, self._head = self._head[:size], self._head[size:]
        return head
