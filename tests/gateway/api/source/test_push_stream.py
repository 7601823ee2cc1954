"""Bodies that drip, break off or never end, over real sockets: bounded, and nothing is left."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass

import pytest
import uvicorn
from fastapi.testclient import TestClient

from gateway.api.source import push_body
from gateway.app import build
from gateway.settings import Settings
from gateway.tokens import Scope
from outbox.house import House
from schemas.tables import pushes
from tests.gateway.api.source.push_calls import Caller, lines, on_roll, rows, spooled
from tests.world import World, member

BYTES_MAX = 4 << 20
BODY = lines(member("10000001"))


@dataclass
class Line:
    """A telephone line to a gateway that listens: raw bytes out, one answer back."""

    house: House
    port: int
    caller: Caller

    def open(self, *headers: str, length: int | None = None) -> socket.socket:
        """A connection on which the head of a push has been sent."""
        wire = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        size = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
        head = [
            "POST /v1/source/members HTTP/1.1",
            "Host: gateway",
            "Content-Type: application/x-ndjson",
            f"Authorization: {self.caller.headers['Authorization']}",
            size,
            *headers,
        ]
        wire.sendall("\r\n".join([*head, "", ""]).encode())
        return wire


def answer(wire: socket.socket) -> tuple[int, dict[str, object]]:
    """What comes back before the line is closed; (0, {}) if nothing does."""
    said = b""
    try:
        while chunk := wire.recv(1 << 16):
            said += chunk
            head, _, body = said.partition(b"\r\n\r\n")
            if body.endswith(b"}"):
                return int(head.split()[1]), json.loads(body)
    except ConnectionError:
        pass
    return 0, {}


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def send_until_cut_off(wire: socket.socket, piece: bytes, *, pause: float = 0) -> None:
    """Go on sending; fails if nobody minds for half a minute."""
    end = time.monotonic() + 30
    try:
        while time.monotonic() < end:
            wire.sendall(piece)
            time.sleep(pause)
    except ConnectionError:
        return
    raise AssertionError("the line was never closed")


def until(true: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def line(small_world: World) -> Iterator[Line]:
    house = small_world.house
    app = build(house, Settings(home=house.folder, push_bytes_max=BYTES_MAX))
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        until(lambda: server.started)
        caller = Caller(TestClient(app), house, (Scope.PUSH,))
        yield Line(house, listener.getsockname()[1], caller)
        server.should_exit = True
        thread.join(30)


def test_a_body_in_chunks_is_taken(line: Line):
    with line.open() as wire:
        wire.sendall(chunk(BODY[:20]) + chunk(BODY[20:]) + chunk(b""))
        status, told = answer(wire)

    assert (status, told["state"]) == (200, "done")
    assert on_roll(line.house) == {"10000001"}


@pytest.mark.slow
@pytest.mark.parametrize("pause", [0.05, 30], ids=["drips", "stalls"])
def test_a_body_that_is_too_slow_is_cut_off(
    line: Line, monkeypatch: pytest.MonkeyPatch, pause: float
):
    monkeypatch.setattr(push_body, "PATIENCE_SECONDS", 0.6)
    begun = time.monotonic()
    with line.open() as wire:
        for byte in BODY[:-1]:
            wire.sendall(chunk(bytes([byte])))
            wire.settimeout(pause)
            try:
                if wire.recv(1, socket.MSG_PEEK):
                    break
            except TimeoutError:
                continue
        wire.settimeout(30)
        status, told = answer(wire)

    assert (status, told["code"]) == (400, "MRX-7016")
    assert time.monotonic() - begun < 15
    assert spooled(line.house) == set()
    assert rows(line.house, pushes) == []


@pytest.mark.slow
def test_a_body_that_goes_on_steadily_is_not_cut_off(line: Line, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(push_body, "PATIENCE_SECONDS", 0.6)
    monkeypatch.setattr(push_body, "PATIENCE_BYTES", 10)
    with line.open() as wire:
        for at in range(0, len(BODY), 10):
            wire.sendall(chunk(BODY[at : at + 10]))
            time.sleep(0.1)
        wire.sendall(chunk(b""))
        status, _ = answer(wire)

    assert status == 200


def test_a_slow_body_holds_up_nobody(line: Line):
    with line.open() as wire:
        wire.sendall(chunk(BODY[:20]))
        until(lambda: len(spooled(line.house)) == 1)

        assert line.caller.push(lines(member("10000002"))).status_code == 200

        wire.sendall(chunk(BODY[20:]) + chunk(b""))
        assert answer(wire)[0] == 200
    assert on_roll(line.house) == {"10000001", "10000002"}


@pytest.mark.parametrize("length", [None, len(BODY)], ids=["chunks", "a length"])
def test_a_body_that_breaks_off_leaves_nothing(line: Line, length: int | None):
    with line.open(length=length) as wire:
        wire.sendall(BODY[:20] if length else chunk(BODY[:20]))
        until(lambda: len(spooled(line.house)) == 1)

    until(lambda: spooled(line.house) == set())
    assert rows(line.house, pushes) == []
    assert on_roll(line.house) == set()


@pytest.mark.slow
def test_a_body_that_never_ends_is_refused_at_the_limit(line: Line):
    said: list[tuple[int, dict[str, object]]] = []
    with line.open() as wire:
        piece = chunk(b'{"account": "1"}\n' * 4_000)
        hearing = threading.Thread(target=lambda: said.append(answer(wire)))
        hearing.start()
        send_until_cut_off(wire, piece)
        hearing.join()

    [(status, told)] = said
    assert (status, told["code"]) == (413, "MRX-7010")
    until(lambda: spooled(line.house) == set())
    assert rows(line.house, pushes) == []


def test_a_body_that_is_too_long_by_its_own_word_is_not_waited_for(line: Line):
    with line.open(length=BYTES_MAX + 1) as wire:
        status, told = answer(wire)

    assert (status, told["code"]) == (413, "MRX-7010")


@pytest.mark.slow
def test_a_stranger_s_body_is_not_waited_for(line: Line):
    line.caller.headers["Authorization"] = "Bearer nobody"
    with line.open() as wire:
        status, told = answer(wire)

        assert (status, told["code"]) == (401, "MRX-7001")
        send_until_cut_off(wire, chunk(BODY), pause=0.05)

    assert spooled(line.house) == set()


def test_what_was_done_but_never_heard_is_answered_when_it_comes_again(line: Line):
    key = {"Idempotency-Key": "unheard"}
    with line.open("Idempotency-Key: unheard", length=len(BODY)) as wire:
        wire.sendall(BODY)
        until(lambda: [one.state for one in rows(line.house, pushes)] == ["done"])

    until(lambda: line.caller.push(BODY, headers=key).status_code == 200)
    again = line.caller.push(BODY, headers=key)

    assert again.json()["counts"]["accepted"] == 1
    assert [one.id for one in rows(line.house, pushes)] == [again.json()["id"]]
