"""The home that the doctor is shown."""

import pytest

from gateway.settings import Settings
from tests import world
from tests.world import World


@pytest.fixture
def ours(small_world: World) -> Settings:
    small_world.house.folder.chmod(0o700)
    return world.settings(small_world.house)
