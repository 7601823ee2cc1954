"""A replay before it is asked for: how many would go, and why the others would not."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from gateway.views import replays as view
from schemas.errors import BadRequest
from schemas.tables import pending
from tests.conftest import BOTH
from tests.gateway.replays import CODE, start
from tests.gateway.turned_down import ACCOUNTS, refused
from tests.world import World


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def world(small_world: World) -> World:
    refused(small_world, ACCOUNTS)
    return small_world


def test_a_preview_says_how_many_go_and_why_the_others_do_not(world: World):
    with world.house.database.read() as tx:
        seen = view.preview(tx, world.house, "mx-neec", CODE, now=world.clock.now)
    assert (seen.matched.n, seen.goes, seen.skipped, seen.gate) == (7, 7, {}, None)
    assert (seen.whole, seen.possible, seen.for_two) == (True, True, False)

    with world.house.database.write() as tx:  # the format cannot say it any more
        tx.execute(
            update(pending).where(pending.c.account == ACCOUNTS[0]).values(blocked="MRX-2101")
        )
    late = world.clock.now + timedelta(days=30)
    with world.house.database.read() as tx:
        seen = view.preview(tx, world.house, "mx-neec", CODE, now=late)

    assert (seen.matched.n, seen.goes, seen.skipped) == (6, 0, {"MRX-2207": 6})
    assert (seen.gate, seen.possible) == ("MRX-2207", False)


@pytest.mark.parametrize(
    ("code", "why"), [("MRX-2101", "MRX-5066"), ("MRX-2107", "MRX-5066"), ("MRX-0000", "MRX-5018")]
)
def test_what_telling_again_does_not_repair_is_not_replayed(world: World, code: str, why: str):
    with pytest.raises(BadRequest, match=why):
        start(world, code)
