"""One client's connection: what it may take of our time, and what becomes of it.

    opened --20 s without a whole request--> closed
    asking --a body, bounded by its route (`gateway.api.allowance`)
    answered --60 s in which it takes nothing of the answer--> cut
    idle --30 s--> closed                --a next request that is not whole 50 s after the last--> closed

Connections are few (`MRX_CONNECTIONS_MAX`). When all are taken, one more is let in, and of those
that wait for their client the one that has heard of it longest ago is closed. So whoever holds
hundreds open and says nothing, or little, keeps nobody out, and no request that is being carried
out is ever cut for another.
"""

import asyncio
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from gateway.api.turned_away import TurnedAway, Why
from gateway.request_parser import RequestParser
from schemas.codes import CODES

IDLE_SECONDS: Final = 30
HEAD_SECONDS: Final = 20
TAKE_SECONDS: Final = 60
TAKE_BYTES: Final = 64 << 10
"""So much of an answer must be taken in that time, or all that is left."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many connections there may be, and who counts those that are turned away."""

    connections_max: int
    turned_away: TurnedAway


class Connection(H11Protocol):
    """uvicorn's, with the bounds above. `judge` is called about once a second (`gateway.server`)."""

    def __init__(self, *words: Any, bounds: Bounds, **named: Any) -> None:
        super().__init__(*words, **named)
        self.conn = RequestParser()
        self._bounds = bounds
        self._answered_at = self._heard_at = self._taken_at = self.loop.time()
        self._left = 0
        self._let_in = False

    # -- what the loop tells us ----------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        full = len(self.connections) >= self._bounds.connections_max
        if full and not self._make_room():
            self._bounds.turned_away.add("full")
            transport.abort()
            self.transport = transport
            return
        self._let_in = True
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._let_in:
            super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        self._heard_at = self.loop.time()
        super().data_received(data)

    def on_response_complete(self) -> None:
        self._answered_at = self._heard_at = self.loop.time()
        super().on_response_complete()

    # -- bounds --------------------------------------------------------------------------------

    def judge(self, now: float) -> None:
        """Close it if its client has kept us waiting too long."""
        never_whole = self._awaits_head and now - self._answered_at > self._patience
        if self._takes_nothing(now) or never_whole:
            self._cut("slow")

    @property
    def silent_since(self) -> float | None:
        """Since when we wait for the client; None while it waits for us."""
        if self._left:
            return min(self._heard_at, self._taken_at)
        sends = self.conn.their_state is h11.SEND_BODY and not self.flow.read_paused
        return self._heard_at if sends or self._awaits_head else None

    @property
    def _request(self) -> RequestResponseCycle | None:
        """The last one that came whole, if any did."""
        return self.cycle

    @property
    def _awaits_head(self) -> bool:
        cycle = self._request
        if cycle is None:
            return True
        return cycle.response_complete and self.conn.their_state is h11.IDLE

    @property
    def _patience(self) -> float:
        return HEAD_SECONDS if self._request is None else IDLE_SECONDS + HEAD_SECONDS

    def _takes_nothing(self, now: float) -> bool:
        """Whether too little of the answer has left for too long."""
        left = self.transport.get_write_buffer_size()
        # More than before: the part before has been taken, or there is a new answer.
        if left == 0 or left > self._left or self._left - left >= TAKE_BYTES:
            self._left, self._taken_at = left, now
        return now - self._taken_at > TAKE_SECONDS

    def _make_room(self) -> bool:
        """Cut the client that has been silent longest; whether there was one."""
        lines: Iterable[Any] = self.connections
        waiting = [(one.silent_since, one) for one in lines if one.silent_since is not None]
        if not waiting:
            return False
        _, longest = min(waiting, key=lambda pair: pair[0])
        longest._cut("full")  # noqa: SLF001  # one of ours
        return True

    def _cut(self, why: Why) -> None:
        self._bounds.turned_away.add(why)
        self.connections.discard(self)  # now: whoever comes next counts them
        self.transport.abort()

    # -- what is no request --------------------------------------------------------------------

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  # it is uvicorn's
        """Say why as a problem where nothing has been said yet, and close. Nothing that comes
        behind what cannot be read is looked at.
        """
        self._bounds.turned_away.add("malformed")
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE} and not self._has_begun:
            headers = [*self.server_state.default_headers, *_HEADERS]
            reason = b"Bad Request"
            for event in (
                h11.Response(status_code=400, headers=headers, reason=reason),
                h11.Data(data=_PROBLEM),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
        cycle = self._request
        if cycle is not None:  # whoever is at work for it hears that nobody is there any more
            cycle.disconnected = True
            cycle.message_event.set()
        self.transport.close()

    @property
    def _has_begun(self) -> bool:
        cycle = self._request
        return cycle is not None and cycle.response_started and not cycle.response_complete


def judging(connections: Iterable[Any], now: float) -> None:
    """Judge all of them."""
    for one in list(connections):
        if isinstance(one, Connection):
            one.judge(now)


def made(bounds: Bounds) -> Callable[..., Connection]:
    """What uvicorn makes connections with."""

    def make(*words: Any, **named: Any) -> Connection:
        return Connection(*words, bounds=bounds, **named)

    return make


_CODE: Final = "MRX-7036"
_PROBLEM: Final = json.dumps(
    {
        "type": f"urn:mrx:problem:{_CODE}",
        "code": _CODE,
        "title": CODES[_CODE].title,
        "detail": CODES[_CODE].repair,
        "status": 400,
        "errors": [],
    }
).encode()
_HEADERS: Final = [
    (b"content-type", b"application/problem+json"),
    (b"content-length", str(len(_PROBLEM)).encode()),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"connection", b"close"),
]
