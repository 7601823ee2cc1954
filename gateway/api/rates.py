"""How often one credential may ask, and how often one address may guess.

    a right one   --> one from its bucket            --empty--> MRX-7034, 429
    a wrong one   --> one from its address's bucket
    any           --> its address's bucket is empty? only who was known lately is looked at: MRX-7035

A bucket holds what comes in so many seconds, and fills evenly. Each process counts by itself: a
gateway of n servers lets n times as much through. What is counted is a proved credential and never
a claimed one, so that nobody uses up another's; a guess costs the address it comes from, which
behind a proxy is the one that the proxy names (`peer`). Who was known lately is heard from there all
the same: strangers behind the same proxy keep no partner out. Where there is no address, nobody
counts guesses.
"""

import hashlib
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from fastapi import Request

from gateway.api import peer
from gateway.api.turned_away import TurnedAway
from gateway.settings import Settings
from schemas.errors import BadRequest

Kind = Literal["token", "partner", "session"]

BURST_SECONDS: Final = 10
GUESS_SECONDS: Final = 60
KNOWN_SECONDS: Final = 3_600
SIGN_IN: Final = 50
"""Wrong passwords are worth more than other guesses: people choose them."""

_KEPT_MAX: Final = 10_000  # of each kind; who asked longest ago is forgotten, and starts full


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class _Buckets:
    """Buckets of one size, by name."""

    def __init__(self, per_second: float, seconds: float) -> None:
        self._per_second, self._full = per_second, max(1.0, per_second * seconds)
        self._kept: OrderedDict[str, _Bucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def wait(self, name: str, now: float) -> int:
        """Whole seconds until there is one to take; 0: there is."""
        bucket = self._kept.get(name)
        if bucket is None:
            return 0
        left = self._now(bucket, now)
        return 0 if left >= 1 else max(1, math.ceil((1 - left) / self._per_second))

    def take(self, name: str, now: float, cost: float = 1) -> None:
        """Take, down to nothing."""
        bucket = self._kept.setdefault(name, _Bucket(self._full, now))
        bucket.left, bucket.at = max(0.0, self._now(bucket, now) - cost), now
        self._kept.move_to_end(name)
        while len(self._kept) > _KEPT_MAX:
            self._kept.popitem(last=False)

    def drop_full(self, now: float) -> None:
        """Forget those from which nothing is missing, the oldest first."""
        while self._kept:
            name, bucket = next(iter(self._kept.items()))
            if self._now(bucket, now) < self._full:
                break
            del self._kept[name]

    def _now(self, bucket: _Bucket, now: float) -> float:
        return min(self._full, bucket.left + (now - bucket.at) * self._per_second)


class Rates:
    """The buckets of one process. Safe to share between threads."""

    def __init__(
        self,
        settings: Settings,
        turned_away: TurnedAway,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._proxies, self._turned_away, self._clock = (
            settings.proxy_addresses,
            turned_away,
            clock,
        )
        machine, person = settings.requests_per_second, settings.session_requests_per_second
        self._buckets: dict[Kind, _Buckets] = {
            "token": _Buckets(machine, BURST_SECONDS),
            "partner": _Buckets(machine, BURST_SECONDS),
            "session": _Buckets(person, BURST_SECONDS),
        }
        self._guesses = _Buckets(settings.wrong_credentials_per_minute / 60, GUESS_SECONDS)
        self._known: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def demand(self, kind: Kind, whose: str) -> None:
        """Raise `BadRequest` MRX-7034 if this credential has asked too often. Counts nothing."""
        with self._lock:
            wait = self._buckets[kind].wait(whose, self._clock())
        if wait:
            self._turned_away.add(kind)
            raise BadRequest("MRX-7034", seconds=wait)

    def count(self, kind: Kind, whose: str, *, claim: str | None = None) -> None:
        """A request of a proved credential; `claim` is what it was looked up by before (`look`)."""
        with self._lock:
            now = self._clock()
            self._buckets[kind].take(whose, now)
            if claim is not None:
                self._known[claim] = now
                self._known.move_to_end(claim)
                if len(self._known) > _KEPT_MAX:
                    self._known.popitem(last=False)

    def look(self, request: Request, claim: str | None) -> None:
        """Raise `BadRequest` MRX-7035 if too many wrong credentials came from where this one comes
        from, and it was not known lately itself. Ask it before anybody looks at the credential.
        """
        with self._lock:
            now = self._clock()
            if not len(self._guesses):
                return
            self._guesses.drop_full(now)
            seen = self._known.get(claim or "", -math.inf)
            if now - seen < KNOWN_SECONDS:
                return
            wait = self._guesses.wait(peer.source(request, self._proxies), now)
        if wait:
            self._turned_away.add("address")
            raise BadRequest("MRX-7035", seconds=wait)

    def wrong(self, request: Request, *, cost: float = 1) -> None:
        """A credential that is none came with this request."""
        source = peer.source(request, self._proxies)
        if source:
            with self._lock:
                self._guesses.take(source, self._clock(), cost)


def claim(kind: Kind, text: str) -> str:
    """What a credential is remembered by: nothing that could be used as one."""
    return hashlib.sha256(f"{kind} {text}".encode("utf-8", "surrogatepass")).hexdigest()
