"""One deadline for a whole exchange over the network.

An HTTP client counts its timeouts per read and per write: a peer that sends one byte of a header
every few seconds resets them for ever, and with them holds a lane and a thread; so does one that
takes a request a little at a time. Here each read, write and connect gets what is left until the
one deadline of the exchange, and no more is read than an answer of the allowed size can need:
neither headers, nor chunks of one byte, nor "100 Continue" go on for as long as there is time.
"""

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from ssl import SSLContext
from typing import Any

import httpcore2

# What is written at once: the client below gives every part of a write the time of the whole.
PIECE = 16 << 10
# Headers, and what the framing of a body may take beside it.
AROUND_BYTES_MAX = 256 << 10

_thread = threading.local()


class TooMuch(httpcore2.ReadError):
    """The peer has said more than an answer can need, and goes on."""


@contextmanager
def within(limit: timedelta, *, bytes_max: int) -> Iterator[None]:
    """Everything this thread does over a `DeadlineBackend` in the block must end within `limit`,
    and reads little more than an answer of `bytes_max` bytes: twice that, and `AROUND_BYTES_MAX`.
    """
    _thread.until = time.monotonic() + limit.total_seconds()
    _thread.room = 2 * bytes_max + AROUND_BYTES_MAX
    try:
        yield
    finally:
        del _thread.until, _thread.room


def _left(error: type[httpcore2.TimeoutException]) -> float:
    """Seconds until the deadline; raises when it has passed."""
    assert hasattr(_thread, "until"), "an exchange happens within a deadline"
    left: float = _thread.until - time.monotonic()
    if left <= 0:
        raise error("the deadline of the exchange has passed")
    return left


class DeadlineBackend(httpcore2.NetworkBackend):
    """Opens connections whose every operation ends by the thread's deadline."""

    def __init__(self) -> None:
        self._inner = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002  # ours is the shorter one
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        left = _left(httpcore2.ConnectTimeout)
        return _Stream(self._inner.connect_tcp(host, port, left, local_address, socket_options))


class _Stream(httpcore2.NetworkStream):
    def __init__(self, inner: httpcore2.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        some = self._inner.read(max_bytes, _left(httpcore2.ReadTimeout))
        _thread.room -= len(some)
        if _thread.room < 0:
            raise TooMuch
        return some

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        whole = memoryview(buffer)
        for at in range(0, len(whole), PIECE):
            self._inner.write(whole[at : at + PIECE], _left(httpcore2.WriteTimeout))  # type: ignore[arg-type]

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore2.NetworkStream:
        left = _left(httpcore2.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
