"""The list of a new partner as it is shown, on both databases."""

from datetime import UTC, datetime

import pytest

from gateway.views import onboarding
from tests.conftest import BOTH
from tests.world import World

NOW = datetime.now(UTC)


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


def test_a_list_says_what_is_open_before_going_live(small_world: World):
    with small_world.house.database.read() as tx:
        every = {one.partner: one for one in onboarding.every(tx, small_world.house, now=NOW)}

    mexico, canada = every["mx-neec"], every["ca-pip"]
    assert "certificate" not in mexico.open_before
    assert "certificate" in canada.open_before
    assert mexico.live
    assert not canada.live
