"""The socket that a gateway listens on, and how its server ends."""

import socket
import threading
import time
from datetime import UTC, datetime

import httpx2
import pytest
import uvicorn

from gateway import server
from gateway.app import build
from gateway.settings import Settings
from tests.gateway.api.doors import signature
from tests.world import World

NEXT = "/v1/partner/batches/next?wait=20"


def test_an_answer_is_not_held_back_until_its_first_part_is_acknowledged():
    with server.listen(server.LOOPBACK, 0) as listener:
        caller = socket.create_connection(listener.getsockname())
        answering, _ = listener.accept()
        with caller, answering:
            assert answering.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.slow
def test_told_to_stop_it_does_not_wait_for_a_partner_that_waits_for_a_batch(small_world: World):
    app = build(small_world.house, Settings(home=small_world.house.folder))
    begun = threading.Event()

    async def seen(scope, receive, send):
        begun.set()
        await app(scope, receive, send)

    with server.listen(server.LOOPBACK, 0) as listener:
        config = uvicorn.Config(
            seen, log_level="warning", lifespan="off", ws="none", timeout_graceful_shutdown=10
        )
        ours = server.Server(config, app.state.context.stopping)
        serving = threading.Thread(target=ours.run, kwargs={"sockets": [listener]})
        serving.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}{NEXT}"
        signed = signature(small_world.partners["mx-neec"].key, "GET", NEXT, now=datetime.now(UTC))
        answers: list[int] = []
        asking = threading.Thread(
            target=lambda: answers.append(httpx2.get(url, headers=signed, timeout=30).status_code)
        )
        asking.start()
        assert begun.wait(20)
        time.sleep(0.2)  # it has looked, and found nothing
        told = time.monotonic()

        ours.should_exit = True

        serving.join(30)
        asking.join(30)
    assert answers == [204]
    assert time.monotonic() - told < 5
