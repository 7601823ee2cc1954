"""The ledger as it is looked through, on both databases."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.acts import ledgers
from gateway.identity.actor import ALL, Actor
from gateway.views import ledger
from gateway.views.ledger import Wanted
from tests.conftest import BOTH
from tests.world import START, World, member

NOW = datetime.now(UTC)
ACTOR = Actor("anna", ALL)


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


def test_the_ledger_is_found_by_moment_partner_and_person(small_world: World):
    house = small_world.house
    small_world.push(member("10000001"))
    small_world.grant("10000001")
    small_world.deliver()
    ledgers.verify(house, ACTOR, now=NOW)

    def kinds(**wanted: object) -> set[str]:
        with house.database.read() as tx:
            page = ledger.page(tx, house, Wanted(**wanted), before=None, at_most=100)  # type: ignore[arg-type]
        return {one.kind for one in page.found}

    assert kinds(by="anna") == {"ledger verified"} == kinds(since=START + timedelta(days=1))
    assert "ledger verified" not in kinds(until=START + timedelta(days=1))
    assert "disclosed" in kinds(partner="mx-neec")
    assert kinds(kind="disclosed", partner="ca-pip") == set()
    with house.database.read() as tx:
        assert "members pushed" in ledger.kinds(tx)
        standing = ledger.standing(tx)
    assert (standing.verified_by, standing.broken_at) == ("anna", None)
    assert standing.verified_to == standing.head.size - 1  # what was added last says so
