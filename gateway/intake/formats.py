"""Which format an input has: told by its name, or by its first character."""

from pathlib import PurePath

from gateway.intake.lines import BOM, CHUNK_BYTES, Source
from gateway.intake.reading import Format

STDIN = "-"


def format_of(path: str | PurePath, source: Source) -> tuple[Format, Source]:
    """Return the format, and the source to read from instead of the one given.

    A name that ends in `.csv` is CSV, any other NDJSON. Standard input, `-`, is NDJSON if its
    first character that is not blank is a brace, or if it has none; else CSV.
    """
    if str(path) != STDIN:
        return ("csv" if PurePath(path).suffix.lower() == ".csv" else "ndjson"), source
    head = b""
    while len(head) < CHUNK_BYTES and not _first(head) and (more := source.read(CHUNK_BYTES)):
        head += more
    return ("ndjson" if _first(head) in (b"", b"{") else "csv"), _Again(head, source)


def _first(head: bytes) -> bytes:
    if BOM.startswith(head):  # part of a mark: what follows it decides
        return b""
    return head.removeprefix(BOM).lstrip()[:1]


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
