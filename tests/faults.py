"""What a wire may do to an exchange: each fault is a function of it, for the plan of a `Proxy`.

Most have a twin, by `reached`:

    there    the honest end never got the request; where the fault spoils an answer, it spoils an
             old one: the first that the proxy ever passed on
    back     it got the request and did what it asks, and we never hear of it, or hear it spoiled

How an answer is spoiled stands in `tests/spoiling.py`. Nothing waits by the clock but a drip and a
delay, and both end as soon as the other side has gone.
"""

import socket
import threading
from collections.abc import Callable

from tests.message import parts, said
from tests.proxy import PATIENCE_SECONDS, RESET, Exchange, Fault
from tests.spoiling import flipped_at, place, too_long, too_short

# -- faults: nothing is said -----------------------------------------------------------------------


def refuse(exchange: Exchange) -> None:
    """Turned away at the door with a reset, before a word of the request was read."""
    exchange.reset()


refuse.unheard = True  # type: ignore[attr-defined]  # it does not even wait for the request


def silent(*, reached: bool) -> Fault:
    """Takes the request and never answers."""

    def fault(exchange: Exchange) -> None:
        if reached:
            exchange.ask()
        exchange.wait()

    return fault


def late(exchange: Exchange) -> None:
    """Holds the request back until who asked has gone, and longer: `Proxy.bring_late`."""
    exchange.proxy.late.append(exchange.request)
    exchange.wait()


def delayed(seconds: float) -> Fault:
    """The honest answer, after a while."""

    def fault(exchange: Exchange) -> None:
        answer = exchange.ask()
        exchange.wait(seconds)
        exchange.say(answer)

    return fault


# -- faults: broken off ----------------------------------------------------------------------------


def cut(n: float, *, reached: bool) -> Fault:
    """A reset after n bytes: of the answer, or of the request on its way there."""

    def back(exchange: Exchange) -> None:
        answer = exchange.ask()
        exchange.say(answer[: place(n, answer)])
        exchange.reset()

    def there(exchange: Exchange) -> None:
        request = exchange.request
        with socket.create_connection(exchange.proxy.honest, PATIENCE_SECONDS) as line:
            line.sendall(request[: place(n, request)])
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        exchange.reset()

    return back if reached else there


def half_closed(n: float, *, reached: bool) -> Fault:
    """A polite, too short answer, or request: n bytes, and the end of what will be said."""

    def back(exchange: Exchange) -> None:
        answer = exchange.ask()
        exchange.say(answer[: place(n, answer)])
        exchange.peer.shutdown(socket.SHUT_WR)
        exchange.wait()

    def there(exchange: Exchange) -> None:
        request = exchange.request
        answer = exchange.ask(
            request[: place(n, request)], then=lambda line: line.shutdown(socket.SHUT_WR)
        )
        exchange.say(answer)

    return back if reached else there


# -- faults: other bytes ---------------------------------------------------------------------------


def flipped(n: float, bit: int = 0, *, reached: bool) -> Fault:
    """One bit is turned over, in the answer or in the request."""

    def back(exchange: Exchange) -> None:
        exchange.say(flipped_at(exchange.ask(), n, bit))

    def there(exchange: Exchange) -> None:
        exchange.say(exchange.ask(flipped_at(exchange.request, n, bit)))

    return back if reached else there


def spoiled(change: Callable[[bytes, bytes], bytes], *, reached: bool) -> Fault:
    """The answer is `change` of its head and its body; then the line is closed."""

    def fault(exchange: Exchange) -> None:
        exchange.say(change(*parts(exchange.answer(reached=reached))))

    return fault


def doubled(exchange: Exchange) -> None:
    """The request arrives two times, at the same time; the answer is that of one of them."""
    other = threading.Thread(target=exchange.ask)
    other.start()
    answer = exchange.ask()
    other.join(PATIENCE_SECONDS)
    exchange.say(answer)


def overlong(exchange: Exchange) -> None:
    """The request promises more than it holds, and the honest end waits for the rest in vain."""
    head, body = parts(exchange.request)
    exchange.say(
        exchange.ask(too_long(head, body), then=lambda line: line.shutdown(socket.SHUT_WR))
    )


def curtailed(exchange: Exchange) -> None:
    """The request promises less than it holds; the rest of it looks like another."""
    exchange.say(exchange.ask(too_short(*parts(exchange.request))))


# -- faults: without end ---------------------------------------------------------------------------


def dripping(*, every: float, reached: bool) -> Fault:
    """A byte of the answer at a time, or of the request on its way there."""

    def back(exchange: Exchange) -> None:
        exchange.drip(exchange.ask(), every=every)

    def there(exchange: Exchange) -> None:
        request = exchange.request
        with socket.create_connection(exchange.proxy.honest, PATIENCE_SECONDS) as line:
            for n in range(len(request)):
                line.sendall(request[n : n + 1])
                exchange.wait(every)

    return back if reached else there


def endless(before: bytes, again: bytes, *, reached: bool, most: int = 1 << 30) -> Fault:
    """After `before` the same again and again."""

    def fault(exchange: Exchange) -> None:
        if reached:
            exchange.ask()
        exchange.say(before)
        exchange.pour(again, most=most)

    return fault


def endless_body(*, reached: bool) -> Fault:
    return endless(said(b""), b"\x30\x80" * 8192, reached=reached)


def endless_chunks(*, reached: bool) -> Fault:
    """Each of one byte."""
    head = said(b"", b"Transfer-Encoding: chunked")
    return endless(head, b"1\r\nx\r\n" * 2048, reached=reached)


def endless_headers(*, reached: bool) -> Fault:
    """One after the other."""
    return endless(b"HTTP/1.1 200 OK\r\n", b"X-More: and more\r\n" * 512, reached=reached)


def endless_header(*, reached: bool) -> Fault:
    """One, which goes on."""
    return endless(b"HTTP/1.1 200 OK\r\nX-More: ", b"and more " * 1024, reached=reached)


def endless_continue(*, reached: bool) -> Fault:
    """ "100 Continue", for ever."""
    return endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 64, reached=reached)


def endless_trailers(*, reached: bool) -> Fault:
    head = said(b"1\r\nx\r\n0\r\n", b"Transfer-Encoding: chunked")
    return endless(head, b"X-More: and more\r\n" * 512, reached=reached)
