"""A console behind a socket, as browsers meet it, and the people who are signed in there."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import uvicorn

from gateway import server
from gateway.app import build
from gateway.identity.roles import Role
from gateway.settings import Settings
from tests import month
from tests.world import World


@dataclass
class Site:
    """`url` has no slash at its end; `held` is what the cookie of a person of each role holds."""

    url: str
    world: World
    held: dict[Role, str]


@contextmanager
def standing(folder: Path, *, every: int = 7, **settings: object) -> Iterator[Site]:
    """A gateway with a month behind it, served. Nothing works its lanes but the test."""
    with served(month.lived(folder, every=every), **settings) as one:
        yield one


@contextmanager
def served(lived: World, **settings: object) -> Iterator[Site]:
    """A gateway behind a socket, with a person of each role; its world is closed afterwards."""
    house = lived.house
    held = month.people(house, now=datetime.now(UTC))
    listener = server.listen(server.LOOPBACK, 0)
    app = build(house, Settings(home=house.folder, **settings))
    uvicorn_ = uvicorn.Server(
        uvicorn.Config(app, log_level="critical", lifespan="off", ws="none", access_log=False)
    )
    thread = threading.Thread(
        target=lambda: asyncio.run(uvicorn_.serve(sockets=[listener])), daemon=True
    )
    thread.start()
    try:
        yield Site(f"http://{server.LOOPBACK}:{listener.getsockname()[1]}", lived, held)
    finally:
        uvicorn_.should_exit = uvicorn_.force_exit = True
        thread.join(10)
        listener.close()
        for one in (house, *lived.partners.values()):
            one.database.close()
