"""Two issues of a batch beside each other, on both databases."""

import pytest

from gateway.views import comparison
from outbox import witness
from tests.conftest import BOTH
from tests.world import LOST_ANSWER, World, member


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


def test_issues_are_compared_from_what_the_ledger_says(small_world: World):
    small_world.push(*map(member, ("10000001", "10000002", "10000003")))
    small_world.grant("10000001", "10000002", "10000003")
    small_world.wire.plan = [LOST_ANSWER]
    small_world.deliver(1)
    small_world.push(member("10000002", name="Invented Renamed"))
    small_world.revoke("10000001", of="mx-neec")
    small_world.deliver()

    with small_world.house.database.read() as tx:
        found = comparison.compare(tx, 1)
        first = witness.said(tx, found.batch, 1)
        assert witness.said(tx, found.batch, 9) == {}

    assert sorted(one.account for one in first.values()) == ["10000001", "10000002", "10000003"]
    assert [one.account for one in found.left] == ["10000001"]
    assert list(found.came) == []
    assert len(found.changed) + found.same == 2
