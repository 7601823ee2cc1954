"""A partner far away: a port on loopback that passes everything on, late."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from gateway.demo.processes import LOOPBACK

_AT_ONCE = 1 << 16


@contextmanager
def far(port: int, *, seconds: float) -> Iterator[str]:
    """The address under which the listener at `port` seems that far away: each answer comes so
    much later. One exchange at a time a connection, as HTTP/1.1 has it.
    """
    with socket.create_server((LOOPBACK, 0)) as listener, ExitStack() as lines:
        listening = threading.Thread(target=_listen, args=(listener, port, seconds, lines))
        listening.start()
        try:
            yield f"http://{LOOPBACK}:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)  # closing it would not end an accept
            listening.join()


def _listen(listener: socket.socket, port: int, seconds: float, lines: ExitStack) -> None:
    """Take every connection; `lines` ends them all."""
    while True:
        try:
            near, _ = listener.accept()
        except OSError:
            return  # the row is over
        there = socket.create_connection((LOOPBACK, port))
        for one, other, late in ((near, there, 0.0), (there, near, seconds)):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            passing = threading.Thread(target=_pass_on, args=(one, other, late))
            passing.start()
            lines.callback(_end, one, passing)


def _end(one: socket.socket, passing: threading.Thread) -> None:
    with suppress(OSError):  # its other end is gone already
        one.shutdown(socket.SHUT_RDWR)
    passing.join()
    one.close()


def _pass_on(one: socket.socket, other: socket.socket, late: float) -> None:
    """Copy one direction to its end; the first bytes after a silence wait."""
    heard = 0.0
    try:
        while data := one.recv(_AT_ONCE):
            if time.monotonic() - heard > late:
                time.sleep(late)
            other.sendall(data)
            heard = time.monotonic()
        other.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # the other direction ended first
