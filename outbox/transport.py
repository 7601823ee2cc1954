"""The wire to a partner we push to. Every ordinary failure is an outcome, not an exception.

`POST {base}/v1/partner/batches` with the CMS file; the body of a 200 is the receipt. How one
exchange is bounded stands in `outbox.call`.
"""

import time
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Protocol, Self

from outbox import call
from outbox.call import Broken
from outbox.house import Terms

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
        self._pool = call.pool()

    @classmethod
    def under(cls, terms: Terms) -> Self:
        """Bounded as these terms say."""
        return cls(deadline=terms.request_deadline, answer_bytes_max=terms.receipt_bytes_max)

    def close(self) -> None:
        self._pool.close()

    def send(self, url: str, file: bytes) -> Outcome:
        try:
            reply = call.call(
                self._pool,
                "POST",
                f"{url.rstrip('/')}/v1/partner/batches",
                headers={"Content-Type": MEDIA_TYPE},
                content=file,
                limit=self._deadline,
                bytes_max=self._answer_bytes_max,
            )
        except Broken as silence:
            return Silence(str(silence))
        asked = reply.headers.get("retry-after", "").encode("latin-1")
        return _outcome(reply.status, asked, reply.body)


def _outcome(status: int, retry_after: bytes, body: bytes) -> Outcome:
    match status:
        case 200:
            return Answered(body)
        case 413:
            return TooLarge()
        case 429 | 503:
            return NotNow(_asked(retry_after.decode("latin-1")))
        case _ if status >= 500 or status in (408, 425):
            return Silence(f"HTTP {status}")
        case _:
            return TurnedAway(f"HTTP {status}")


def _asked(header: str) -> timedelta | None:
    """Retry-After, in seconds or as a date; anything else says nothing."""
    if header.isascii() and header.isdigit():
        return timedelta(seconds=min(int(header[:9]), 86_400))
    try:
        at = parsedate_to_datetime(header)
    except (ValueError, OverflowError):
        return None
    return timedelta(seconds=max(0.0, at.timestamp() - time.time()))
