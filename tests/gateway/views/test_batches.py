"""Our batches as they are listed, on both databases."""

import pytest
from sqlalchemy import Connection, insert, select

from gateway.views import batches
from outbox.batch import State
from schemas.batch import Lane
from schemas.tables import batches as batches_
from schemas.tables import lanes
from tests.conftest import BOTH
from tests.world import LOST_ANSWER, START, World, member


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


def lane_ids(tx: Connection) -> dict[tuple[str, str], int]:
    return {(row.partner, row.kind): row.id for row in tx.execute(select(lanes))}


def fill(world: World, count: int) -> None:
    """Batches of both lanes to Mexico and of one to Canada, by turns; every tenth is refused."""
    with world.house.database.write() as tx:
        ids = lane_ids(tx)
        order = [("mx-neec", "routine"), ("mx-neec", "urgent"), ("ca-pip", "routine")]
        tx.execute(
            insert(batches_),
            [
                {
                    "id": n,
                    "lane_id": ids[order[n % 3]],
                    "epoch": "0" * 16,
                    "number": n,
                    "issue": 1,
                    "state": "refused" if n % 10 == 0 else "settled",
                    "stale": False,
                    "fence": 1,
                    "revision": 1,
                    "digest": "0" * 64,
                    "announcements": 1,
                    "withdrawals": 0,
                    "bytes": 1,
                    "attempts": 1,
                    "sealed_at": START,
                    "first_sent_at": START,
                }
                for n in range(1, count + 1)
            ],
        )


def pages(world: World, *, limit: int, **those: object) -> list[int]:
    """All ids of a list, page by page."""
    found: list[int] = []
    before = None
    with world.house.database.read() as tx:
        while True:
            page = batches.listed(tx, before=before, limit=limit, **those)
            assert len(page.batches) <= limit
            found += [one.id for one in page.batches]
            before = page.next
            if before is None:
                return found


def test_pages_follow_each_other_newest_first_whatever_the_filter(whole_world: World):
    fill(whole_world, 60)
    newest_first = list(range(60, 0, -1))

    assert pages(whole_world, limit=7) == newest_first
    assert pages(whole_world, limit=60) == newest_first
    assert pages(whole_world, limit=4, partner="mx-neec") == [n for n in newest_first if n % 3 < 2]
    assert pages(whole_world, limit=4, lane=Lane.ROUTINE) == [n for n in newest_first if n % 3 != 1]
    assert pages(whole_world, limit=4, state=State.REFUSED) == [60, 50, 40, 30, 20, 10]
    assert pages(whole_world, limit=4, state=State.UNKNOWN) == []
    assert pages(whole_world, limit=4, partner="ca-pip", state=State.REFUSED) == [50, 20]


def test_a_rare_state_is_found_on_the_first_page_however_many_others_there_are(whole_world: World):
    fill(whole_world, 60)

    with whole_world.house.database.read() as tx:
        first = batches.listed(tx, state=State.REFUSED, limit=50)
    assert ([one.id for one in first.batches], first.next) == ([60, 50, 40, 30, 20, 10], None)


def test_an_unanswered_batch_is_found_by_its_state(small_world: World):
    small_world.push(member("10000001"))
    small_world.grant("10000001")
    small_world.wire.plan = [LOST_ANSWER]
    small_world.deliver(1)

    assert pages(small_world, limit=5, state=State.UNKNOWN) == [1]
    assert pages(small_world, limit=5, state=State.SENDING) == []
