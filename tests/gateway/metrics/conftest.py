"""Metrics come to the same on both databases."""

import pytest

from tests.conftest import BOTH


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param
