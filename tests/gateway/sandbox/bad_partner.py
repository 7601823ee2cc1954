"""The sandbox with its bad habits, served over real HTTP by a thread of the test."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp

from gateway.app import build
from gateway.sandbox.misbehaviour import Manners, Misbehaviour
from gateway.sandbox.plan import Plan
from gateway.settings import Settings
from outbox.house import House
from tests.journeys.processes import free_port

SLOW_SECONDS = 2.5


@dataclass(frozen=True)
class BadPartner:
    """A running sandbox; `plan` may be replaced word by word."""

    house: House
    plan: Plan
    url: str

    def will(self, *words: str) -> None:
        """The next batches meet these habits."""
        for habit in reversed(Plan.read(",".join(words)).left):
            self.plan.again(habit)


@contextmanager
def bad_partner(
    house: House,
    *,
    answer_to: str | None = None,
    around: Callable[[ASGIApp], ASGIApp] = lambda app: app,
) -> Iterator[BadPartner]:
    """Serve the end of `house` while the block lasts; `around` is a further wrapper."""
    settings = Settings(home=house.folder)
    plan = Plan(back=True)
    manners = Manners(
        plan=plan,
        sender="us-ctpat",
        folder=settings.home,
        bytes_max=settings.body_bytes_max,
        slow_seconds=SLOW_SECONDS,
        later_seconds=0.1,
        answer_to=answer_to,
    )
    app = Misbehaviour(build(house, settings), house, manners)
    with served(around(app)) as url:
        yield BadPartner(house, plan, url)


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """An ASGI application at an address of this machine."""
    port = free_port()
    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, log_level="critical", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        until = time.monotonic() + 30
        while not server.started:
            assert time.monotonic() < until, "it did not come up"
            time.sleep(0.01)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(30)
