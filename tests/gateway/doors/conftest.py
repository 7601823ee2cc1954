"""The gateway that all tests of a file ask and none changes; and one of a test's own.

world, app, client, every      shared by a file: two partners, and one member that Mexico was told of
house, strict                  of one test alone
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from outbox.house import House
from tests.conftest import connected_world
from tests.gateway.api.doors import OTHER, PARTNER, application
from tests.gateway.doors.calls import QUICK
from tests.gateway.doors.rationed import server
from tests.gateway.doors.routes import OPEN, Route, routes
from tests.world import World, member


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, key_files: dict[str, Path]) -> World:
    """One member that Mexico has been told of; two partners."""
    world = connected_world(tmp_path_factory.mktemp("world"), key_files, (PARTNER, OTHER))
    world.push(member("10000001"))
    world.grant("10000001", to=[PARTNER])
    world.deliver()
    return world


@pytest.fixture(scope="module")
def app(world: World) -> FastAPI:
    return application(world.house)


@pytest.fixture(scope="module")
def client(app: FastAPI) -> Iterator[TestClient]:
    """With one event loop for all calls: there are thousands."""
    made = TestClient(
        app, base_url="https://testserver", raise_server_exceptions=False, follow_redirects=False
    )
    with made:
        yield made


@pytest.fixture(scope="module")
def every(app: FastAPI) -> list[Route]:
    """Those that ask for a credential; in the quick run one in four."""
    asking = [route for route in routes(app) if str(route) not in OPEN]
    return asking[::4] if QUICK else asking


@pytest.fixture
def house(small_world: World) -> House:
    return small_world.house


@pytest.fixture
def strict(house: House) -> FastAPI:
    """A server that answers each credential a few times only."""
    return server(house)
