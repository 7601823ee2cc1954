"""Several who fetch, or push, at once: one batch, the same bytes."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from outbox import batch
from outbox import lane as lanes
from partners import agreements
from schemas.batch import Lane
from tests.gateway.api.partner.puller import Puller, puller, two_wait
from tests.world import ONE, TWO, World


@pytest.fixture
def world(small_world: World) -> World:
    return two_wait(small_world)


@pytest.fixture
def mexico(world: World) -> Puller:
    return puller(world)


def outcomes(world: World, number: int = 1) -> list[str | None]:
    with world.house.database.read() as tx:
        return [row.outcome for row in batch.history(tx, number)]


@pytest.mark.slow
def test_two_who_come_at_once_get_the_same_bytes(world: World, mexico: Puller):
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: mexico.next(), range(4)))

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert world.states() == ["unknown"]
    assert outcomes(world) == ["handed over"] * 4


@pytest.mark.slow
def test_a_lane_that_another_works_is_busy_and_then_free(world: World, mexico: Puller):
    with world.house.database.write() as tx:
        taken = lanes.take_one(
            tx,
            "mx-neec",
            Lane.ROUTINE,
            worker="another",
            now=datetime.now(UTC),
            lease=world.house.terms.lease,
        )
    assert taken is not None

    busy = mexico.next()
    assert (busy.status_code, busy.json()["code"]) == (503, "MRX-5021")
    assert int(busy.headers["retry-after"]) > 0

    with world.house.database.write() as tx:
        lanes.give_back(tx, taken)
    assert mexico.next().status_code == 200


@pytest.mark.slow
@pytest.mark.parametrize(
    ("behind", "status"), [(0, 503), (120, 200)], ids=["leased", "the lease has run out"]
)
def test_pushed_and_fetched_at_once_it_is_one_batch(
    world: World, mexico: Puller, behind: int, status: int
):
    """A worker sends while the partner fetches: one number, one content, held once."""
    world.clock.now = datetime.now(UTC) - timedelta(seconds=behind)
    with world.house.database.write() as tx:
        agreements.change(tx, "mx-neec", push_url="mx-neec")
    begun, fetched = threading.Event(), threading.Event()

    def meanwhile() -> None:
        begun.set()
        assert fetched.wait(10)

    world.wire.before = meanwhile
    worker = threading.Thread(target=lambda: world.deliver(rounds=1))
    worker.start()
    assert begun.wait(10)
    fetching = mexico.next()
    fetched.set()
    worker.join(10)
    world.wire.before = lambda: None

    assert fetching.status_code == status
    mexico.fetch_all()
    assert world.states() == ["settled"]
    assert len({file for _, file in world.wire.journal}) == 1
    assert world.held("mx-neec") == {ONE: "VALIDATED", TWO: "VALIDATED"}


def test_fetched_first_and_pushed_later_are_the_same_bytes(world: World, mexico: Puller):
    fetched = mexico.next()
    with world.house.database.write() as tx:
        agreements.change(tx, "mx-neec", push_url="mx-neec")

    world.deliver()

    assert [file for _, file in world.wire.journal] == [fetched.content]
    assert world.states() == ["settled"]
    assert mexico.confirm(mexico.take(fetched)).status_code == 204
