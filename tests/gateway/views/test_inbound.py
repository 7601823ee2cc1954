"""Partners' rolls and batches as they are shown, on both databases."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway import inbound_batches
from gateway.inbound_batches import State
from gateway.views import inbound
from tests.conftest import BOTH
from tests.gateway.sender import Sender, some
from tests.world import World

NOW = datetime.now(UTC)


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


def test_a_roll_says_its_size_its_lines_and_what_waits(small_world: World):
    members, sender = some(200), Sender(small_world)
    sender.send(sender.next(members), now=NOW - timedelta(days=2))
    sender.send(sender.next((), [one.ref for one in members[:100]]), now=NOW)

    with small_world.house.database.read() as tx:
        rolls = {one.partner: one for one in inbound.rolls(tx, small_world.house, now=NOW)}
        waiting = inbound_batches.every(tx, state=State.QUARANTINED)
        latest = inbound_batches.latest(tx, "mx-neec", at_most=1)
        before = inbound_batches.latest(tx, "mx-neec", before=latest[0].place, at_most=9)
        one = inbound.one(tx, small_world.house, waiting[0].id)

    assert (rolls["mx-neec"].size, rolls["mx-neec"].state) == (200, "fresh")
    assert (rolls["mx-neec"].lower, rolls["mx-neec"].upper, rolls["mx-neec"].waiting) == (
        150,
        250,
        1,
    )
    assert rolls["ca-pip"].state == "never heard"
    assert [one.place.number for one in (*latest, *before)] == [2, 1]
    assert one.plan is not None
    assert (one.plan.gone, one.asked) == (100, None)
