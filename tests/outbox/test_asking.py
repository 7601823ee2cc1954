"""Asking a partner: over a real socket, signed, bounded, and never a library's exception."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import uvicorn

from gateway.app import build
from gateway.settings import Settings
from outbox import asking
from outbox.asking import ask, expected
from outbox.house import House
from schemas.errors import BadRequest
from tests.outbox.test_transport import dripping
from tests.world import World, hastened


@contextmanager
def serving(house: House) -> Iterator[str]:
    """A gateway behind a socket of this machine."""
    listener = socket.create_server(("127.0.0.1", 0))
    app = build(house, Settings(home=house.folder))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="none"))
    thread = threading.Thread(
        target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True
    )
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


def asked(world: World, url: str, **more: str) -> asking.Reply:
    mexico = world.partners["mx-neec"]
    words = {"to": "us-ctpat", "path": "/v1/partner/batches"} | more
    return ask(mexico, url, now=datetime.now(UTC), **words)


def test_what_is_asked_under_our_name_is_answered(small_world: World):
    with serving(small_world.house) as url:
        reply = asked(small_world, url, query="limit=3")

    assert (reply.status, reply.body) == (200, b'{"items":[],"next":null}')
    assert reply.headers["content-type"] == "application/json"
    assert expected(reply, 200) is reply


def test_a_refusal_is_an_answer_until_one_asks_for_another(small_world: World):
    with serving(small_world.house) as url:
        reply = asked(small_world, url, to="kr-aeo")

    assert reply.status == 401
    with pytest.raises(BadRequest, match=r"MRX-5019.*HTTP 401.*MRX-7011"):
        expected(reply, 200, 204)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://127.0.0.1:1", "MRX-6001"),
        ("http://nowhere.invalid", "MRX-6001"),
        ("ftp://127.0.0.1", "MRX-6001"),
        ("http://", "MRX-5010"),
        ("http://a b", "MRX-5010"),
    ],
)
def test_no_answer_has_a_code(small_world: World, url: str, code: str):
    with pytest.raises(BadRequest, match=code):
        asked(small_world, url)


@pytest.mark.slow
def test_an_answer_that_never_ends_is_none(small_world: World):
    small_world.partners["mx-neec"] = hastened(
        small_world.partners["mx-neec"], request_deadline=timedelta(seconds=0.5)
    )
    with dripping() as url, pytest.raises(BadRequest, match="MRX-6001"):
        asked(small_world, url)


def test_an_answer_without_bounds_is_none(small_world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(asking, "ANSWER_BYTES_MAX", 10)
    with (
        serving(small_world.house) as url,
        pytest.raises(BadRequest, match=r"MRX-6001.*too long"),
    ):
        asked(small_world, url)
