"""A raw line to a server, for clients that keep to no rule: bytes there, answers back."""

import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

SECONDS = 30  # more than any answer here takes, on any machine
_STATUS = re.compile(rb"^HTTP/1\.1 (\d{3}) ")
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    head: bytes
    body: bytes

    def field(self, name: str) -> str | None:
        found = re.search(rb"(?i)\r\n" + name.encode() + rb": *([^\r]*)", self.head)
        return None if found is None else found[1].decode()


class Line:
    """One connection. Everything waits `SECONDS` at the most, and fails then."""

    def __init__(self, port: int, *, buffer: int | None = None) -> None:
        self.socket = socket.socket()
        if buffer is not None:  # small: so much may lie on the way, and no more
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.socket.settimeout(SECONDS)
        self.socket.connect(("127.0.0.1", port))
        self._held = b""

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def answers(self) -> list[Answer]:
        """All that come until the server closes the line."""
        found = []
        while (one := self.answer()) is not None:
            found.append(one)
        return found

    def answer(self) -> Answer | None:
        """The next one, which may be `100 Continue`; None when the line is closed."""
        while b"\r\n\r\n" not in self._held:
            if not self._more():
                assert not self._held, "half an answer"
                return None
        head, self._held = self._held.split(b"\r\n\r\n", 1)
        status = _STATUS.match(head)
        assert status is not None, head
        if status[1] in {b"100", b"204"}:
            return Answer(int(status[1]), head, b"")
        length = _LENGTH.search(head)
        if length is None:
            assert b"chunked" not in head.lower(), "not read here"
            while self._more():
                pass
            body, self._held = self._held, b""
            return Answer(int(status[1]), head, body)
        while len(self._held) < int(length[1]):
            assert self._more(), "half an answer"
        body, self._held = self._held[: int(length[1])], self._held[int(length[1]) :]
        return Answer(int(status[1]), head, body)

    def closed_after(self) -> float:
        """Wait until the server closes it, whatever it says before; how long that took."""
        began = time.monotonic()
        while self._more():
            self._held = b""
        return time.monotonic() - began

    def _more(self) -> bool:
        try:
            data = self.socket.recv(1 << 16)
        except ConnectionError:
            return False
        self._held += data
        return bool(data)

    def close(self) -> None:
        self.socket.close()


@contextmanager
def line(port: int, *, buffer: int | None = None) -> Iterator[Line]:
    made = Line(port, buffer=buffer)
    try:
        yield made
    finally:
        made.close()


def said(port: int, data: bytes) -> list[Answer]:
    """What is answered to these bytes until the server closes. One that has refused them takes no
    more, and may have closed the line before they were all sent.
    """
    with line(port) as one:
        with suppress(ConnectionError):
            one.send(data)
        return one.answers()
