"""Clients that are slow on purpose, by the dozen: each is cut off within its time, and meanwhile an
honest one is served.

The server is ours with its bounds made short; there are more slow clients than it has threads.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from gateway import connection, server
from gateway.api import allowance, body
from gateway.api.source import push_body
from gateway.app import build
from gateway.settings import Settings
from gateway.tokens import Scope
from tests.conftest import connected_world
from tests.gateway.api.doors import signature, token
from tests.gateway.doors.line import Answer, Line, line
from tests.world import World

pytestmark = pytest.mark.slow

MANY = 45  # threads: 40
ROOM = 60  # connections
HEAD, IDLE, TAKE, BODY = 4.0, 2.0, 2.0, 1.0
LATE = 40  # a machine that is busy with other things
HONEST_SECONDS = 20

HEARTBEAT = b"POST /v1/source/heartbeat HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
LIVE = b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n"
LONG = b"GET /v1/ops/openapi.json HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, key_files: dict[str, Path]) -> World:
    return connected_world(tmp_path_factory.mktemp("world"), key_files, ("mx-neec",))


@pytest.fixture(scope="module")
def app(world: World) -> FastAPI:
    made = build(world.house, Settings(home=world.house.folder, connections_max=ROOM))
    TestClient(made).get("/v1/ops/openapi.json")  # it takes a while the first time
    return made


@pytest.fixture(scope="module")
def port(app: FastAPI) -> Iterator[int]:
    """The server of this module."""
    with pytest.MonkeyPatch.context() as patch, server.listen(server.LOOPBACK, 0) as listener:
        for module, name, seconds in (
            (connection, "HEAD_SECONDS", HEAD),
            (connection, "IDLE_SECONDS", IDLE),
            (connection, "TAKE_SECONDS", TAKE),
            (allowance, "SECONDS", BODY),
            (body, "BODY_SECONDS", BODY),
            (push_body, "PATIENCE_SECONDS", BODY),
        ):
            patch.setattr(module, name, seconds)
        listener.setsockopt(server.socket.SOL_SOCKET, server.socket.SO_SNDBUF, 1 << 14)
        ours = server.served(app, app.state.context.settings)
        serving = threading.Thread(target=ours.run, kwargs={"sockets": [listener]})
        serving.start()
        try:
            yield listener.getsockname()[1]
        finally:
            ours.should_exit = True
            serving.join(30)


@pytest.fixture
def many(port: int) -> Iterator[Callable[[bytes], list[Line]]]:
    """Open as many lines as there are slow clients, and send the same by each."""
    with ExitStack() as open_:

        def opened(first: bytes) -> list[Line]:
            made = [open_.enter_context(line(port, buffer=1 << 12)) for _ in range(MANY)]
            for one in made:
                one.send(first)
            return made

        yield opened


def honest(port: int) -> float:
    """How long somebody waits who asks for something while the others do what they do."""
    began = time.monotonic()
    with line(port) as one:
        one.send(LIVE)
        answer = one.answer()
    assert answer is not None
    assert answer.status == 200
    return time.monotonic() - began


def drip(lines: list[Line], byte: bytes, until: float) -> None:
    """Send a byte now and then by each, until the server has had enough of all of them."""
    alive = list(lines)
    began = time.monotonic()
    while alive and time.monotonic() - began < until:
        for one in list(alive):
            try:
                one.send(byte)
            except OSError:
                alive.remove(one)
        time.sleep(0.1)
    assert not alive, f"{len(alive)} are still there"


def ended(lines: list[Line], within: float) -> list[Answer | None]:
    """The last answer of each; all are closed within that time."""
    began = time.monotonic()
    last = []
    for one in lines:
        try:
            found = one.answers()
        except AssertionError:
            found = []
        last.append(found[-1] if found else None)
    assert time.monotonic() - began < within
    return last


def test_who_says_nothing_is_closed(port: int, many: Callable[[bytes], list[Line]]):
    silent = many(b"")

    assert honest(port) < HONEST_SECONDS
    assert ended(silent, HEAD + LATE) == [None] * MANY


def test_a_head_that_drips_is_cut(port: int, many: Callable[[bytes], list[Line]]):
    dripping = many(b"GET /health/live HTTP/1.1\r\nHost: a\r\nX: ")

    assert honest(port) < HONEST_SECONDS
    drip(dripping, b"a", HEAD + LATE)


def test_an_idle_line_is_closed_and_one_that_begins_again_slowly_too(
    port: int, many: Callable[[bytes], list[Line]]
):
    lines = many(LIVE)
    for one in lines[::2]:
        one.answer()
        one.send(b"GET /health/")

    assert honest(port) < HONEST_SECONDS
    ended(lines, IDLE + HEAD + LATE)


@pytest.mark.parametrize("how", ["with a length", "in chunks"])
def test_a_json_body_that_stops_is_ended(port: int, many: Callable[[bytes], list[Line]], how: str):
    lengths = {
        "with a length": b"Content-Length: 100\r\n\r\n{",
        "in chunks": b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
    }
    lines = many(HEARTBEAT + lengths[how])

    assert honest(port) < HONEST_SECONDS
    assert {one and one.status for one in ended(lines, BODY + LATE)} == {408}


def test_a_file_that_drips_is_ended(port: int, many: Callable[[bytes], list[Line]]):
    lines = many(b"POST /v1/partner/batches HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n")

    assert honest(port) < HONEST_SECONDS
    drip(lines, b"a", BODY + LATE)


def test_a_push_that_drips_is_ended(port: int, world: World, many: Callable[[bytes], list[Line]]):
    bearer = token(world.house, Scope.PUSH).encode()
    lines = many(
        b"POST /v1/source/members HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-ndjson\r\n"
        b"Authorization: Bearer " + bearer + b"\r\nContent-Length: 100000\r\n\r\n"
    )

    assert honest(port) < HONEST_SECONDS
    drip(lines, b" ", BODY + LATE)
    assert not list((world.house.folder / "spool").iterdir())


def test_a_form_that_drips_is_ended(port: int, many: Callable[[bytes], list[Line]]):
    lines = many(
        b"POST /console/login HTTP/1.1\r\nHost: a\r\nSec-Fetch-Site: same-origin\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\nname="
    )

    assert honest(port) < HONEST_SECONDS
    drip(lines, b"a", BODY + LATE)


def test_who_takes_nothing_of_a_long_answer_is_cut(
    port: int, many: Callable[[bytes], list[Line]], app: FastAPI
):
    before = app.state.context.turned_away.counts()["slow"]
    many(LONG * 3)
    assert honest(port) < HONEST_SECONDS

    began = time.monotonic()
    while app.state.context.turned_away.counts()["slow"] < before + MANY:
        assert time.monotonic() - began < TAKE + LATE, "not all were cut"
        time.sleep(0.1)
        assert honest(port) < HONEST_SECONDS


def test_who_takes_a_long_answer_slowly_but_surely_gets_it_whole(port: int):
    with line(port, buffer=1 << 14) as one:
        one.send(LONG.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        size = 0
        while data := one.socket.recv(1 << 14):
            size += len(data)
            time.sleep(0.05)
    assert size > 200_000


def test_more_lines_than_there_is_room_for_keep_nobody_out(port: int, world: World, app: FastAPI):
    """Whoever was silent longest goes; who is being served stays."""
    url = "/v1/partner/batches/next?wait=4"
    signed = signature(world.partners["mx-neec"].key, "GET", url)
    fields = "".join(f"{name}: {value}\r\n" for name, value in signed.items())
    with ExitStack() as open_:
        waiting = open_.enter_context(line(port))
        waiting.send(f"GET {url} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{fields}\r\n".encode())
        time.sleep(0.3)
        for n in range(2 * ROOM):
            open_.enter_context(line(port))
            if n % 20 == 0:
                assert honest(port) < HONEST_SECONDS
        answers = waiting.answers()

    assert [one.status for one in answers] == [204]
    assert app.state.context.turned_away.counts()["full"] > 0
