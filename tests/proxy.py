"""A wire that misbehaves on cue: a proxy of sockets and threads between one who asks and one who
answers. What it does to an exchange stands in `tests/faults.py`.

    who asks  --request-->  proxy  --request-->  the honest end
              <--spoiled--         <--answer---

`plan` is eaten one fault an exchange; then all is honest. After a fault the connection ends, as it
does where something broke; after an honest exchange it is kept, so that faults also meet
connections that were good before.
"""

import select
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from tests.message import said, whole

RESET = struct.pack("ii", 1, 0)  # linger 0: closing sends a reset
PIECE = 64 << 10
PATIENCE_SECONDS = 30
# No honest answer is as long; of one that is, this much is passed on.
MOST = 2 << 20


class Gone(Exception):
    """The other side has hung up."""


@dataclass(slots=True)
class Exchange:
    """One request that arrived whole, and the side it came from."""

    proxy: "Proxy"
    peer: socket.socket
    request: bytes
    said: int = 0
    keep: bool = False

    # -- the honest end ----------------------------------------------------------------------------

    def ask(
        self, request: bytes | None = None, *, then: Callable[..., None] | None = None
    ) -> bytes:
        """Have the honest end answer, and give its answer as it came. It is waited for, also when
        who asked has gone, so that a request that reached it is worked; `then` is done to the line
        when the request has been passed on, in place of waiting for an answer to all of it.
        """
        answer = b""
        with socket.create_connection(self.proxy.honest, PATIENCE_SECONDS) as line:
            line.sendall(self.request if request is None else request)
            if then is not None:
                then(line)
            until = time.monotonic() + PATIENCE_SECONDS
            with suppress(OSError):
                while not whole(answer) and len(answer) < MOST:
                    if not self._readable(line, until):
                        break
                    piece = line.recv(PIECE)
                    if not piece:
                        break
                    answer += piece
        if then is None and whole(answer):
            self.proxy.kept.append(answer)
        return answer

    def answer(self, *, reached: bool) -> bytes:
        """What is spoiled: the honest answer to this request, or an old one."""
        if reached:
            return self.ask()
        return self.proxy.kept[0] if self.proxy.kept else said(b"an answer of long ago")

    def _readable(self, line: socket.socket, until: float) -> bool:
        """Whether the honest end has said something. Where it never will, and who asked has gone,
        there is nobody left to wait for.
        """
        while time.monotonic() < until:
            watched = [line] if self.proxy.patient else [line, self.peer]
            ready, _, _ = select.select(watched, [], [], 0.05)
            if line in ready:
                return True
            if ready and self._left():
                return bool(select.select([line], [], [], self.proxy.grace)[0])
        return False

    def _left(self) -> bool:
        try:
            return not self.peer.recv(1, socket.MSG_PEEK)
        except OSError:
            return True

    def honestly(self) -> None:
        """The request as it is, and the answer as it is. Where the honest end breaks off, we do."""
        answer = self.ask()
        self.say(answer)
        self.keep = whole(answer)

    # -- who asked ---------------------------------------------------------------------------------

    def say(self, words: bytes) -> None:
        """Raises `Gone`."""
        try:
            self.peer.sendall(words)
        except OSError as gone:
            raise Gone from gone
        self.said += len(words)

    def reset(self) -> None:
        """Close with a reset, at once."""
        self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)

    def wait(self, seconds: float = PATIENCE_SECONDS) -> None:
        """Until who asked has gone (`Gone`), or so long."""
        if select.select([self.peer], [], [], seconds)[0] and self._left():
            raise Gone

    def drip(self, words: bytes, *, every: float) -> None:
        """One byte at a time. Raises `Gone`."""
        for n in range(len(words)):
            self.say(words[n : n + 1])
            self.wait(every)

    def pour(self, words: bytes, *, most: int = 1 << 30) -> None:
        """The same again and again, until who asked has gone (`Gone`) or has taken so much."""
        while self.said < most:
            self.say(words)


Fault = Callable[[Exchange], None]


@dataclass(slots=True)
class Proxy:
    """Stands before `upstream`, an address as a URL; see the module. `heard` are the requests that
    arrived whole, `took` how many bytes of each answer were taken.
    """

    upstream: str
    plan: deque[Fault] = field(default_factory=deque)
    kept: list[bytes] = field(default_factory=list)
    late: list[bytes] = field(default_factory=list)
    heard: list[bytes] = field(default_factory=list)
    took: list[int] = field(default_factory=list)
    broken: list[BaseException] = field(default_factory=list)
    # Who asks may have gone while the honest end works: it is waited for all the same. Not patient
    # with an end that never answers: it gets `grace` seconds to do what it was asked.
    patient: bool = True
    grace: float = 0.1
    honest: tuple[str, int] = ("", 0)
    _listener: socket.socket = field(init=False)
    _lines: set[socket.socket] = field(default_factory=set)
    _threads: list[threading.Thread] = field(default_factory=list)
    _busy: int = 0
    _calm: threading.Condition = field(default_factory=threading.Condition)

    def __post_init__(self) -> None:
        where = urlsplit(self.upstream)
        self.honest = (where.hostname or "127.0.0.1", where.port or 80)
        self._listener = socket.create_server(("127.0.0.1", 0))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def will(self, *faults: Fault) -> None:
        """The next exchanges meet these."""
        self.plan.extend(faults)

    def quiet(self) -> None:
        """Wait until no exchange is being worked, and raise what went wrong in a thread of ours."""
        with self._calm:
            assert self._calm.wait_for(lambda: not self._busy, PATIENCE_SECONDS), "it hangs"
        if self.broken:
            raise self.broken[0]

    def bring_late(self, count: int) -> None:
        """So many requests that were held back reach the honest end now, the oldest first."""
        for request in [self.late.pop(0) for _ in range(count)]:
            with socket.create_connection(self.honest, PATIENCE_SECONDS) as line:
                line.sendall(request)
                answer = b""
                while not whole(answer) and (piece := line.recv(PIECE)):
                    answer += piece

    def hang_up(self) -> None:
        """End every line, and take no more. A thread that waits in accept or recv wakes by
        shutdown, not by close.
        """
        for line in [self._listener, *self._lines]:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        self._begin(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.hang_up()
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS)
        self._listener.close()

    # -- threads -----------------------------------------------------------------------------------

    def _begin(self, work: Callable[..., None], *words: object) -> None:
        thread = threading.Thread(target=work, args=words, daemon=True)
        self._threads = [one for one in self._threads if one.is_alive()] + [thread]
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            self._lines.add(peer)
            self._begin(self._serve, peer)

    def _serve(self, peer: socket.socket) -> None:
        try:
            with peer:
                peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                while self._once(peer):
                    pass
        finally:
            self._lines.discard(peer)

    def _once(self, peer: socket.socket) -> bool:
        """One exchange; whether the connection goes on."""
        unheard = bool(self.plan) and getattr(self.plan[0], "unheard", False)
        request = b"" if unheard else _read(peer)
        if not request and not unheard:
            return False
        with self._calm:
            self._busy += 1
        exchange = Exchange(self, peer, request)
        try:
            fault = self.plan.popleft() if self.plan else Exchange.honestly
            self.heard.append(request)
            fault(exchange)
        except Gone:
            exchange.keep = False
        except OSError:
            exchange.keep = False
        except BaseException as error:  # noqa: BLE001  # whatever it is, the test must hear of it
            self.broken.append(error)
            exchange.keep = False
        finally:
            self.took.append(exchange.said)
            if not exchange.keep:
                # Before the test is told that it is over: the next who asks finds it closed.
                with suppress(OSError):
                    peer.close()
            with self._calm:
                self._busy -= 1
                self._calm.notify_all()
        return exchange.keep


@contextmanager
def proxied(upstream: str) -> Iterator[Proxy]:
    """A proxy before this address while the block lasts."""
    with Proxy(upstream) as proxy:
        yield proxy


def _read(peer: socket.socket) -> bytes:
    """A request, whole; nothing if it was not said to its end."""
    request = b""
    with suppress(OSError):
        while not whole(request):
            piece = peer.recv(PIECE)
            if not piece:
                return b""
            request += piece
        return request
    return b""
