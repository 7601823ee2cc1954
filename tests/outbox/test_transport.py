"""What a peer may do to whoever sends to it: drip, and ask to be left alone."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

import pytest

from outbox import transport
from outbox.transport import HttpTransport, NotNow


@contextmanager
def dripping() -> Iterator[str]:
    """A partner that answers with one byte of a header ten times a second, for ten seconds."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve() -> None:
        with suppress(OSError):
            peer, _ = listener.accept()
            with peer:
                peer.sendall(b"HTTP/1.1 200 OK\r\nX-Drip: ")
                for _ in range(100):
                    if over.wait(0.1):
                        return
                    peer.sendall(b"x")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        over.set()
        listener.close()
        thread.join(5)


@pytest.mark.slow
def test_one_deadline_covers_the_headers_of_an_answer_too():
    """A slow drip must not hold a lane for ever: lanes never wait for each other (P3)."""
    wire = HttpTransport(deadline=timedelta(seconds=0.5), answer_bytes_max=1 << 20)
    with dripping() as url:
        began = time.monotonic()
        wire.send(url, b"file")
        took = time.monotonic() - began
    wire.close()

    assert took < 3


def test_a_wait_that_nobody_can_read_is_no_wait():
    """A year that no calendar has is an ordinary failure: an outcome, not an exception."""
    header = {"Retry-After": "Mon, 01 Jan 99999999999 00:00:00 GMT"}

    assert transport._outcome(503, header["Retry-After"].encode(), b"") == NotNow(None)
