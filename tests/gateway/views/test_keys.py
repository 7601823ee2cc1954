"""The inventory of keys and certificates, on both databases."""

from datetime import UTC, datetime

import pytest

from gateway import own_keys
from gateway.acts import approvals
from gateway.identity.actor import ALL, Actor
from gateway.views import keys
from gateway.views.keys import ACTIVATE
from tests.conftest import BOTH
from tests.world import World

NOW = datetime.now(UTC)
ACTOR = Actor("anna", ALL)


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


def test_the_inventory_has_ours_theirs_and_what_was_asked(small_world: World):
    house = small_world.house
    following, _ = own_keys.stage(house, house.folder, by="sofia", now=datetime.now(UTC))
    with house.database.write() as tx:
        subject = following.fingerprint
        approvals.ask(tx, ACTOR, ACTIVATE, subject=subject, reason="why", now=NOW)

    with house.database.read() as tx:
        found = keys.inventory(tx, house, now=NOW)

    assert [one.state for one in found.ours] == ["current", "next"]
    assert found.following is not None
    assert found.following.unaware == ("mx-neec",)
    assert [one.partner for one in found.theirs] == ["mx-neec"]
    assert (found.restart, found.asked is not None) == (False, True)
