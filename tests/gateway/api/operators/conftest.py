"""What the tests of the operators' door share: the door of a small gateway, and members held."""

from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient

from tests.gateway.api.doors import application, held_by
from tests.world import World, member


@pytest.fixture
def http(small_world: World) -> TestClient:
    return TestClient(application(small_world.house))


@pytest.fixture
def three_held(small_world: World) -> World:
    """Three members, held in Mexico."""
    small_world.clock.now = datetime.now(UTC)
    accounts = ("10000001", "10000002", "10000003")
    small_world.push(*map(member, accounts))
    small_world.grant(*accounts)
    small_world.deliver()
    return small_world


@pytest.fixture
def officer(http: TestClient, three_held: World) -> TestClient:
    """A disclosure officer's tool, at the gateway of those three."""
    http.headers.update(held_by(three_held, "disclosure-officer"))
    return http


@pytest.fixture
def viewer(http: TestClient, three_held: World) -> TestClient:
    http.headers.update(held_by(three_held, "viewer"))
    return http
