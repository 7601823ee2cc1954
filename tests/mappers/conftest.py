"""Every test that asks for `mapper` runs once for each programme."""

import pytest

from mappers import MAPPERS
from mappers.base import Mapper


@pytest.fixture(scope="session", params=MAPPERS)
def mapper(request: pytest.FixtureRequest) -> Mapper:
    return MAPPERS[request.param]
