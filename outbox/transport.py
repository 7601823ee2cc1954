"""The wire to a partner we push to. Every ordinary failure is an outcome, not an exception.

`POST {base}/v1/partner/batches` with the CMS file; the body of a 200 is the receipt. No redirect
is followed, the answer is bounded in bytes, and one deadline covers the whole exchange: a
per-read timeout would let a slow drip hold the lane for ever.
"""

import time
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Protocol

import httpx2

MEDIA_TYPE = "application/pkcs7-mime"


@dataclass(frozen=True, slots=True)
class Answered:
    """A body that claims to be a receipt. Nothing about it is believed yet."""

    body: bytes


@dataclass(frozen=True, slots=True)
class NotNow:
    """429 or 503: they ask us to wait."""

    asked: timedelta | None


@dataclass(frozen=True, slots=True)
class TooLarge:
    """413."""


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """Any other answer that is no receipt; `detail` is the status and, if ours, the code."""

    detail: str


@dataclass(frozen=True, slots=True)
class Silence:
    """No answer, or half of one. They may have heard."""

    detail: str


Outcome = Answered | NotNow | TooLarge | TurnedAway | Silence


class Transport(Protocol):
    """How one sealed file reaches one partner."""

    def send(self, url: str, file: bytes) -> Outcome:
        """Transmit once. Ordinary failures come back as outcomes."""


class HttpTransport:
    """Pushes over HTTP with kept-alive connections. One instance may serve many threads."""

    def __init__(self, *, deadline: timedelta, answer_bytes_max: int) -> None:
        self._deadline = deadline
        self._answer_bytes_max = answer_bytes_max
        self._client = httpx2.Client(
            follow_redirects=False,
            timeout=deadline.total_seconds(),
            trust_env=False,  # no proxy by surprise: the address is the partner's
        )

    def close(self) -> None:
        self._client.close()

    def send(self, url: str, file: bytes) -> Outcome:
        until = time.monotonic() + self._deadline.total_seconds()
        try:
            with self._client.stream(
                "POST",
                f"{url.rstrip('/')}/v1/partner/batches",
                content=file,
                headers={"Content-Type": MEDIA_TYPE},
            ) as response:
                body = bytearray()
                for piece in response.iter_bytes():
                    body += piece
                    if len(body) > self._answer_bytes_max:
                        return Silence("the answer is too long")
                    if time.monotonic() > until:
                        return Silence("the answer took too long")
        except httpx2.HTTPError as error:
            return Silence(type(error).__name__)
        return _outcome(response, bytes(body))


def _outcome(response: httpx2.Response, body: bytes) -> Outcome:
    match response.status_code:
        case 200:
            return Answered(body)
        case 413:
            return TooLarge()
        case 429 | 503:
            return NotNow(_asked(response.headers.get("Retry-After", "")))
        case status if status >= 500 or status in (408, 425):
            return Silence(f"HTTP {status}")
        case status:
            return TurnedAway(f"HTTP {status}")


def _asked(header: str) -> timedelta | None:
    """Retry-After, in seconds or as a date; anything else says nothing."""
    if header.isascii() and header.isdigit():
        return timedelta(seconds=min(int(header[:9]), 86_400))
    try:
        at = parsedate_to_datetime(header)
    except ValueError:
        return None
    return timedelta(seconds=max(0.0, at.timestamp() - time.time()))
