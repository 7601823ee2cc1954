"""One exchange over HTTP with a partner: bounded in time and in bytes, and nothing followed.

No redirect is followed, no proxy is taken from the environment (the address is the partner's),
nothing is decompressed, and one deadline covers the whole exchange (`outbox.deadline`).
"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

import httpcore2

from outbox import deadline, traceparent
from outbox.deadline import DeadlineBackend


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. The names of `headers` are in lower case; nothing is believed yet."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Broken(Exception):
    """No whole answer came. They may have heard. The message says why, in a word or two."""


def pool() -> httpcore2.ConnectionPool:
    """Kept-alive connections. One pool may serve many threads."""
    return httpcore2.ConnectionPool(
        ssl_context=ssl.create_default_context(), network_backend=DeadlineBackend()
    )


def call(
    connections: httpcore2.ConnectionPool,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    content: bytes | None,
    limit: timedelta,
    bytes_max: int,
) -> Reply:
    """Send one request and read its answer, of at most `bytes_max` bytes, or raise `Broken`."""
    sent: dict[bytes | str, bytes | str] = {"Host": urlsplit(url).netloc}
    sent.update(headers)
    sent.update(traceparent.sent())
    if content is not None:
        sent["Content-Length"] = str(len(content))
    body = bytearray()
    try:
        with (
            deadline.within(limit, bytes_max=bytes_max),
            connections.stream(method, url, headers=sent, content=content) as response,
        ):
            for piece in response.iter_stream():
                body += piece
                if len(body) > bytes_max:
                    raise Broken(_TOO_LONG)
    except deadline.TooMuch as error:
        raise Broken(_TOO_LONG) from error
    except (*_BROKEN, httpcore2.TimeoutException) as error:
        raise Broken(type(error).__name__) from error
    answered = {
        name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers
    }
    return Reply(response.status, answered, bytes(body))


_TOO_LONG = "the answer is too long"
_BROKEN = (
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
    httpcore2.UnsupportedProtocol,
    OSError,
    UnicodeError,  # a host name that is none
)
