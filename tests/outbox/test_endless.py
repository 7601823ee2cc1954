"""What a peer may do without end, and who it may send us to: our deadline, few bytes, and nobody
else held up.
"""

import socket
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.engine.threads import Threads
from outbox import deadline
from outbox.transport import Answered, HttpTransport, Silence, TurnedAway
from partners import agreements
from tests import faults, spoiling
from tests.carriers import WallClock
from tests.conftest import connected_world
from tests.faults import spoiled
from tests.message import said, sized
from tests.outbox.peers import BYTES_MAX, NOBODY, saying, told
from tests.proxy import Exchange, Fault, Proxy, proxied
from tests.served_wire import served
from tests.world import hastened, member

# -- without end -----------------------------------------------------------------------------------


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many bytes we read, by each reading."""
    read, sizes = deadline._Stream.read, list[int]()

    def counting(self: Any, *words: Any, **more: Any) -> bytes:
        some = read(self, *words, **more)
        sizes.append(len(some))
        return some

    with monkeypatch.context() as patch:
        patch.setattr(deadline._Stream, "read", counting)
        yield sizes


ENDLESS = [
    faults.endless_body(reached=False),
    faults.endless_chunks(reached=False),
    faults.endless_headers(reached=False),
    faults.endless_header(reached=False),
    faults.endless_continue(reached=False),
    faults.endless_trailers(reached=False),
]
NAMES = ["body", "chunks", "headers", "header", "continue", "trailers"]


@pytest.mark.parametrize("endless", ENDLESS, ids=NAMES)
def test_what_has_no_end_is_ended_after_few_bytes(
    endless: Fault, nobody: Proxy, monkeypatch: pytest.MonkeyPatch
):
    """Not by the deadline, which is far away: by what an answer of the allowed size can need."""
    most = 32 << 10
    wire = HttpTransport(deadline=timedelta(seconds=60), answer_bytes_max=most)
    with counted(monkeypatch) as sizes:
        outcome = told(wire, nobody, endless)
    wire.close()

    # Headers have a limit of their own.
    assert outcome in (Silence("the answer is too long"), Silence("RemoteProtocolError"))
    assert sum(sizes) <= 2 * most + deadline.AROUND_BYTES_MAX + (64 << 10)


def test_an_endless_answer_costs_no_more_memory_than_the_largest_honest_one(nobody: Proxy):
    def peak(fault: Fault) -> int:
        wire = HttpTransport(deadline=timedelta(seconds=60), answer_bytes_max=BYTES_MAX)
        tracemalloc.start()
        told(wire, nobody, fault)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        wire.close()
        return most

    honest = peak(saying(sized(b"x" * BYTES_MAX)))

    assert peak(faults.endless_body(reached=False)) < 2 * honest
    assert peak(faults.endless_headers(reached=False)) < 2 * honest
    assert peak(saying(said(b"", b"Content-Length: 1000000000000000000"), b"x" * 100)) < honest


def test_a_packed_answer_is_not_unpacked(nobody: Proxy, wire: HttpTransport):
    outcome = told(wire, nobody, spoiled(spoiling.bomb, reached=False))

    assert outcome == Answered(spoiling.packed())


@pytest.mark.slow
def test_a_peer_that_takes_a_request_little_by_little_is_left_in_the_middle():
    """Each little that it takes must not begin the deadline anew."""
    whole, little = 48 << 20, 300_000
    wire = HttpTransport(deadline=timedelta(seconds=0.5), answer_bytes_max=BYTES_MAX)
    taken = 0

    def take() -> None:
        nonlocal taken
        with suppress(OSError):
            peer, _ = listener.accept()
            with peer:
                while some := peer.recv(little, socket.MSG_WAITALL):
                    taken += len(some)
                    time.sleep(0.1)

    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        thread = threading.Thread(target=take)
        thread.start()
        outcome = wire.send(f"http://127.0.0.1:{listener.getsockname()[1]}", bytes(whole))
        given_up_at = taken
        wire.close()
        thread.join(60)

    assert outcome == Silence("WriteTimeout")
    assert given_up_at < whole / 4


# -- somebody else ---------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [b"301 x", b"302 x", b"303 x", b"307 x", b"308 x"])
def test_nobody_is_told_what_was_meant_for_another(
    status: bytes, nobody: Proxy, wire: HttpTransport
):
    with proxied(NOBODY) as elsewhere:
        location = b"Location: " + elsewhere.url.encode()
        outcome = told(wire, nobody, saying(sized(b"", location, status=status)))

        assert outcome == TurnedAway(f"HTTP {status[:3].decode()}")
        assert elsewhere.heard == []


def test_an_answer_nobody_asked_for_is_not_taken_for_the_next_one(
    nobody: Proxy, wire: HttpTransport
):
    """The line is kept, with a second answer in it. The next ones on it may hear what is left in it
    (a receipt says itself which batch it answers), and one that it has ended; a line later all is
    well again.
    """

    def twice_and_on(exchange: Exchange) -> None:
        exchange.say(sized(b"one") * 2)
        exchange.keep = True

    nobody.will(twice_and_on, saying(sized(b"two")), saying(sized(b"three")))
    answers = [wire.send(nobody.url, b"file") for _ in range(5)]

    assert answers[0] == Answered(b"one")
    assert Answered(b"three") in answers[1:]


# -- lanes never wait for each other ---------------------------------------------------------------


def dripped(exchange: Exchange) -> None:
    exchange.drip(b"HTTP/1.1 200 OK\r\n" * 9999, every=0.05)


@pytest.mark.slow
@pytest.mark.parametrize(
    "fault",
    [pytest.param(faults.silent(reached=False), id="silent"), pytest.param(dripped, id="drips")],
)
def test_a_partner_that_holds_its_line_holds_up_nobody_else(
    fault: Callable[[Exchange], None], tmp_path: Path, key_files: dict[str, Path]
):
    """Neither another partner's lane, nor a withdrawal on its own other lane."""
    both = connected_world(tmp_path, key_files, ("mx-neec", "ca-pip"))
    both.clock = both.wire.clock = WallClock()
    both.house = hastened(both.house, request_deadline=timedelta(seconds=50))
    with served(both.wire.send) as honest, proxied(NOBODY) as bad:
        with both.house.database.write() as tx:
            agreements.change(tx, "ca-pip", push_url=honest.url("ca-pip"))
            agreements.change(tx, "mx-neec", push_url=bad.url)
        both.push(member("10000001"))
        both.grant("10000001")
        bad.will(fault)
        engine = Threads(both.house)
        engine.start()
        try:
            until(lambda: both.held("ca-pip") == {"Invented Company 10000001": "VALIDATED"})
            until(lambda: len(bad.heard) == 1)
            both.revoke("10000001", of="mx-neec")
            until(lambda: len(bad.heard) > 1)  # the withdrawal has come by the other lane
            assert len(bad.took) < len(bad.heard), "the first line is held all the while"
            assert "settled" in both.states()
        finally:
            bad.hang_up()
            engine.stop()
    both.house.database.close()


def until(true: Callable[[], bool], seconds: float = 40) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)
