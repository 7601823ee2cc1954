"""A Redis of the test's own, and a world whose partner is really called over HTTP."""

import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.app import build
from gateway.settings import Settings
from partners import agreements
from tests import servers, world
from tests.conftest import BOTH
from tests.gateway.sandbox.bad_partner import served
from tests.world import World, member


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def redis() -> Iterator[servers.Redis]:
    """One that may be stopped: its socket's path is short, whatever the test's name is."""
    home = Path(tempfile.mkdtemp(prefix="mrx-redis-"))
    server = servers.Redis(home)
    yield server
    server.stop()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def called(small_world: World) -> Iterator[World]:
    """us-ctpat and Mexico, whose end answers at a real address; by the wall clock."""
    small_world.clock.now = datetime.now(UTC)
    mexico = small_world.partners["mx-neec"]
    with served(build(mexico, Settings(home=mexico.folder))) as url:
        with small_world.house.database.write() as tx:
            agreements.change(tx, "mx-neec", push_url=url)
        yield small_world


@pytest.fixture
def waiting(called: World) -> World:
    """A member that Mexico is to be told."""
    called.push(member("10000001"))
    called.grant("10000001")
    return called


@pytest.fixture
def settings(called: World, redis: servers.Redis) -> Settings:
    """This gateway's, with the engine celery on that Redis."""
    return world.settings(called.house, engine="celery", broker_url=redis.url)
