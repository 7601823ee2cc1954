"""Requests as they come over the line, read so that nobody else can read them otherwise.

A proxy in front and we must agree where one request ends and the next begins; where they do not, a
stranger's bytes become somebody's request (smuggling). RFC 9112 lets a server be lenient in places.
h11, which does the reading, is strict in most of them; here it is in the others too: a line ends in
CR LF, no line is folded, a body has one length, a head is small, chunks are worth their while.
"""

import re
from typing import Any, Final

import h11

from gateway.chunks import Chunks

HEAD_BYTES_MAX: Final = 32 << 10
"""A certificate that a proxy adds has up to 16 KiB, a signed address up to 8."""
FIELDS_MAX: Final = 100

_VERSIONS: Final = frozenset({b"1.0", b"1.1"})
_ENDED = re.compile(rb"\n\r?\n")
# A line feed alone, or a line that goes on in the next.
_LENIENT = re.compile(rb"(?<!\r)\n|\n[ \t]")


class RequestParser(h11.Connection):
    """What one client sends, event by event. `next_event` raises `h11.RemoteProtocolError`."""

    def __init__(self) -> None:
        super().__init__(h11.SERVER, max_incomplete_event_size=HEAD_BYTES_MAX)
        self._chunks: Chunks | None = None

    def receive_data(self, data: bytes) -> None:
        if self._chunks is not None and self.their_state is h11.SEND_BODY:
            self._chunks.feed(data)
        super().receive_data(data)

    def next_event(self) -> Any:
        if self.their_state is h11.IDLE:
            self._look_at_head()
        elif self._chunks is not None and not self._chunks.good:
            raise h11.RemoteProtocolError("chunks")
        event = super().next_event()
        if isinstance(event, h11.Request):
            self._chunks = None
            if _in_chunks(event):
                self._chunks = Chunks()
                self._chunks.feed(self.trailing_data[0])
        return event

    def _look_at_head(self) -> None:
        """The head as far as it has come; nothing of what follows it."""
        held, _ = self.trailing_data
        ended = _ENDED.search(held)
        head = held if ended is None else held[: ended.end()]
        if len(head) > HEAD_BYTES_MAX or head.count(b"\n") > FIELDS_MAX + 2:
            raise h11.RemoteProtocolError("too long")
        if _LENIENT.search(head):
            raise h11.RemoteProtocolError("lines")


def _in_chunks(request: h11.Request) -> bool:
    """Whether the body comes in chunks. Refuses one that could end in two places, and a version
    of which nobody knows how its bodies end (RFC 9112, 2.3, 6.1 and 6.3).
    """
    names = [name for name, _ in request.headers]
    chunked = b"transfer-encoding" in names
    two = chunked and (b"content-length" in names or request.http_version == b"1.0")
    if two or request.http_version not in _VERSIONS:
        raise h11.RemoteProtocolError("lengths")
    return chunked
