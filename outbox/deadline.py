"""One deadline for a whole exchange over the network.

An HTTP client counts its timeouts per read and per write: a peer that sends one byte of a header
every few seconds resets them for ever, and with them holds a lane and a thread. Here each read,
write and connect gets what is left until the one deadline of the exchange.
"""

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from ssl import SSLContext
from typing import Any

import httpcore2

_thread = threading.local()


@contextmanager
def within(limit: timedelta) -> Iterator[None]:
    """Everything this thread does over a `DeadlineBackend` in the block must end within `limit`."""
    _thread.until = time.monotonic() + limit.total_seconds()
    try:
        yield
    finally:
        del _thread.until


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
        return self._inner.read(max_bytes, _left(httpcore2.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self._inner.write(buffer, _left(httpcore2.WriteTimeout))

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
