"""The lines between the chunks of a body, byte by byte as they come (RFC 9112, 7.1).

line --> chunk --> CR LF --> line ... --> a line of 0 --> trailer --> over
"""

import re
from typing import Final, Literal

LINE_MAX: Final = 256
TRAILER_BYTES_MAX: Final = 4 << 10
CHUNKS_FREE: Final = 1_000
CHUNK_BYTES: Final = 128
"""What chunks beyond those must hold on average: reading one costs as much as reading kilobytes."""

# How long a chunk is, and what else its line says.
_LINE = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?")
_NO_LINE = re.compile(rb"[\x00\n]|\r(?!$)")
# A line feed alone, or a line that goes on in the next.
_LENIENT = re.compile(rb"(?<!\r)\n|\n[ \t]")


class Chunks:
    """Follows one body. `good` is false from where it could be read in more ways than one."""

    def __init__(self) -> None:
        self.good = True
        self._in: Literal["line", "chunk", "end", "trailer", "over"] = "line"
        self._held = b""
        self._left = self._chunks = self._body = 0

    def feed(self, data: bytes) -> None:
        """The next bytes; what comes behind the body is passed over."""
        while data and self.good and self._in != "over":
            match self._in:
                case "line":
                    data = self._line(data)
                case "chunk":
                    size = min(self._left, len(data))
                    self._left, self._body, data = self._left - size, self._body + size, data[size:]
                    self._in = "end" if self._left == 0 else "chunk"
                case "end":
                    data = self._end(data)
                case _:
                    data = self._trailer(data)

    def _line(self, data: bytes) -> bytes:
        before, held = len(self._held), self._held + data[: LINE_MAX + 2]
        line, ended, _ = held.partition(b"\r\n")
        if not ended:
            self.good = len(held) <= LINE_MAX and not _NO_LINE.search(held)
            self._held = held
            return b""
        said = _LINE.fullmatch(line)
        self._chunks += 1
        many = self._chunks > CHUNKS_FREE + self._body // CHUNK_BYTES
        if said is None or len(line) > LINE_MAX or many:
            self.good = False
            return b""
        self._left, self._held = int(said[1], 16), b""
        self._in = "chunk"
        if self._left == 0:
            self._in, self._held = "trailer", b"\r\n"
        return data[len(line) + 2 - before :]

    def _end(self, data: bytes) -> bytes:
        held = self._held + data[: 2 - len(self._held)]
        rest = data[len(held) - len(self._held) :]
        self.good = b"\r\n".startswith(held)
        self._held = held
        if len(held) == 2:
            self._in, self._held = "line", b""
        return rest

    def _trailer(self, data: bytes) -> bytes:
        before, held = len(self._held), self._held + data[: TRAILER_BYTES_MAX + 4]
        over = held.find(b"\r\n\r\n")
        trailer = held if over < 0 else held[: over + 4]
        self.good = len(trailer) <= TRAILER_BYTES_MAX and not _LENIENT.search(trailer)
        if over >= 0:
            self._in = "over"
        self._held = trailer
        return data[len(trailer) - before :]
