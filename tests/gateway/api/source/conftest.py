"""What the tests of the source door share."""

import pytest
from fastapi.testclient import TestClient

from gateway.tokens import Scope
from tests.gateway.api.doors import application
from tests.gateway.api.source.push_calls import Caller
from tests.gateway.api.source.targeting import Targeting
from tests.world import World


@pytest.fixture
def client(small_world: World) -> TestClient:
    return TestClient(application(small_world.house))


@pytest.fixture
def pusher(client: TestClient, small_world: World) -> Caller:
    return Caller(client, small_world.house, (Scope.PUSH,))


@pytest.fixture
def other(client: TestClient, small_world: World) -> Caller:
    """Another token of the same scope."""
    return Caller(client, small_world.house, (Scope.PUSH,))


@pytest.fixture
def approver(client: TestClient, small_world: World) -> Caller:
    return Caller(client, small_world.house, (Scope.APPROVE,))


@pytest.fixture
def targeting(small_world: World) -> Targeting:
    return Targeting(small_world)
