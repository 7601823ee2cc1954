"""The process dies inside a request, on a real connection: the same bytes go again, and are taken once.

    nothing sent | half of the file sent | all of it sent, no answer yet | half of the answer read

The partner is a process of its own behind a real address. Whatever it had heard, nobody calls the
batch failed or sent: it is sending until the next start, and settled in the end, in one version.
"""

import os
import signal
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway import inbound
from outbox import worker_name
from outbox.batch import State
from outbox.delivery import Delivery
from outbox.transport import HttpTransport, Outcome, TurnedAway
from partners import agreements
from schemas.errors import MrxError
from tests.conftest import BOTH
from tests.journeys.crash.ground import Ground, in_process
from tests.journeys.crash.walk import MEXICO, Place
from tests.journeys.crash.walks_lanes import Exchange
from tests.served_wire import served
from tests.world import BYTES_MAX

pytestmark = [pytest.mark.slow, pytest.mark.processes]

POINTS = {"nothing sent": 0, "half sent": 0, "all sent": 1, "half read": 1}
"""And how many files the partner has then."""


def _trap(point: str) -> None:
    """Have this process die there."""
    plain_send, plain_recv = socket.socket.send, socket.socket.recv
    sent: list[bytes] = []

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def send(self: socket.socket, data: Any, *flags: int) -> int:
        if point == "nothing sent":
            die()
        if point == "half sent" and len(data) > 1000:  # the file, not the header
            plain_send(self, bytes(data[: len(data) // 2]), *flags)
            die()
        sent.append(bytes(data))
        return plain_send(self, data, *flags)

    def recv(self: socket.socket, size: int, *flags: int) -> bytes:
        if sent and point == "all sent":
            die()
        if sent and point == "half read":
            plain_recv(self, 200, *flags)
            die()
        return plain_recv(self, size, *flags)

    socket.socket.send, socket.socket.recv = send, recv  # type: ignore[method-assign]
    socket.socket.sendall = send  # type: ignore[method-assign,assignment]


@contextmanager
def _partner(place: Place) -> Iterator[str]:
    """Mexico, in a process of its own; its address."""
    told = place.folder / "address"
    child = os.fork()
    if child == 0:
        here = place.open()

        def take(code: str, file: bytes) -> Outcome:
            try:  # half a file is nobody's word
                inbound.believe(
                    here.partners[code], file, bytes_max=BYTES_MAX, now=datetime.now(UTC)
                )
            except MrxError as error:
                return TurnedAway(error.code)
            return here.wire.send(code, file)

        with served(take) as wire:
            told.with_suffix(".new").write_text(wire.url(MEXICO))
            told.with_suffix(".new").rename(told)
            time.sleep(60)
        os._exit(0)
    try:
        until = time.monotonic() + 30
        while not told.exists():
            assert time.monotonic() < until, "the partner does not come up"
            time.sleep(0.01)
        yield told.read_text("utf-8")
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


@pytest.mark.parametrize("database", BOTH)
def test_killed_inside_a_request_the_same_bytes_are_taken_once(
    database: str, tmp_path: Path, key_files: Mapping[str, Path], request: pytest.FixtureRequest
):
    postgres = request.getfixturevalue("postgres") if database == "postgresql" else None
    ground = Ground.prepared(Exchange(), tmp_path, key_files, postgres)
    for point, heard in POINTS.items():
        place = ground.copy()
        with _partner(place) as url:
            in_process(lambda: _send(place, url, point), place.folder, dies=True)  # noqa: B023
            until = time.monotonic() + 30
            while len(list((place.folder / "journal").iterdir())) < heard:
                assert time.monotonic() < until, "the partner never heard"
                time.sleep(0.01)
        in_process(lambda: _go_on(place, point), place.folder)  # noqa: B023
        ground.drop(place)


def _send(place: Place, url: str, point: str) -> None:
    here = place.open()
    _address(here, url)
    transport = HttpTransport.under(here.house.terms)
    worker = f"{worker_name.own()}/test"
    _trap(point)
    Delivery(house=here.house, transport=transport, worker=worker, clock=here.clock).work()


def _address(here: Any, url: str) -> None:
    with here.house.database.write() as tx:
        agreements.change(tx, MEXICO, push_url=url)


def _go_on(place: Place, point: str) -> None:
    here = place.open()
    assert here.states() == [State.SENDING]
    assert len(here.wire.journal) == POINTS[point]
    _address(here, MEXICO)
    walk = Exchange()
    state = walk.state(walk.go_on(place, len(walk.steps)))
    assert state["sent"] == [("routine", 1, "settled")]
    assert len(state["held"]) == 2
