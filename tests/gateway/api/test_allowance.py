"""A body that nobody asked for costs little: it is ended when it is too large."""

import asyncio
import itertools

import pytest
from fastapi.testclient import TestClient
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope, Send

from gateway.api import allowance
from tests.gateway.api.doors import application
from tests.world import World

ENDLESS_MIB = 64


@pytest.fixture
def client(small_world: World) -> TestClient:
    return TestClient(application(small_world.house), raise_server_exceptions=False)


@pytest.mark.slow
@pytest.mark.parametrize(
    "path", ["/v1/source/recognised/lookup", "/v1/partner/resend-requests", "/v1/source/heartbeat"]
)
def test_a_json_body_is_cut_off_before_it_fills_the_memory(client: TestClient, path: str):
    read = 0

    def pieces():
        nonlocal read
        for _ in range(ENDLESS_MIB):
            read += 1 << 20
            yield b" " * (1 << 20)

    answer = client.post(path, content=pieces(), headers={"Content-Type": "application/json"})

    assert (answer.status_code, answer.json()["code"]) == (413, "MRX-7010")


def test_the_limit_is_the_sum_of_the_pieces(client: TestClient):
    small = itertools.repeat(b" " * 1000, allowance.BYTES_MAX // 1000 + 2)

    answer = client.post(
        "/v1/source/heartbeat", content=small, headers={"Content-Type": "application/json"}
    )

    assert answer.status_code == 413


def test_a_body_that_stops_coming_is_ended(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(allowance, "SECONDS", 0.05)
    statuses = []

    async def app(_scope: Scope, receive: Receive, _send: Send) -> None:
        await receive()
        try:
            await receive()
        except HTTPException as ended:
            statuses.append(ended.status_code)

    pieces = [{"type": "http.request", "body": b"{", "more_body": True}]

    async def receive() -> Message:
        if pieces:
            return pieces.pop()
        await asyncio.Event().wait()
        raise AssertionError("never")

    asyncio.run(allowance.Allowance(app)({"type": "http"}, receive, receive))

    assert statuses == [408]
