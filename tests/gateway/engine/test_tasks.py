"""A task is only a wake-up: doubled, late or for nobody, it does no harm; and it does its work."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from celery import Celery
from celery.contrib.testing.worker import start_worker
from sqlalchemy import func, select

from gateway.engine import broker, tasks
from gateway.engine.tasks import Bench
from gateway.settings import Settings
from outbox import lane
from schemas.batch import Lane
from schemas.tables import attempts
from tests import servers
from tests.gateway.engine.cluster import until
from tests.world import ONE, World, member


@pytest.fixture
def app(settings: Settings) -> Iterator[Celery]:
    """A worker in a thread of the test, on a real Redis."""
    made, bench = broker.build(settings), Bench(settings)
    tasks.register(made, bench)
    with start_worker(made, pool="solo", perform_ping_check=False, shutdown_timeout=30):
        yield made
    bench.close()


def drained(redis: servers.Redis) -> bool:
    return not any(redis.client.llen(f"mrx:{kind.value}") for kind in Lane)


def made(world: World) -> int:
    """How many attempts there were."""
    with world.house.database.read() as tx:
        return tx.scalar(select(func.count()).select_from(attempts)) or 0


def test_a_wake_up_delivers(waiting: World, app: Celery):
    tasks.wake(app, "mx-neec", Lane.ROUTINE)

    until(lambda: waiting.states() == ["settled"])
    assert waiting.held("mx-neec") == {ONE: "VALIDATED"}


def test_each_task_twice_is_one_batch_and_one_attempt(
    waiting: World, app: Celery, redis: servers.Redis
):
    for _ in range(2):
        for kind in Lane:
            tasks.wake(app, "mx-neec", kind)
    until(lambda: waiting.states() == ["settled"])
    waiting.revoke("10000001", of="mx-neec")
    for _ in range(2):
        tasks.wake(app, "mx-neec", Lane.URGENT)
    until(lambda: waiting.states() == ["settled", "settled"])
    until(lambda: drained(redis))

    assert made(waiting) == 2
    assert waiting.held("mx-neec") == {}


def test_a_wake_up_works_no_other_lane(waiting: World, app: Celery, redis: servers.Redis):
    tasks.wake(app, "mx-neec", Lane.URGENT)
    tasks.wake(app, "xx-nobody", Lane.ROUTINE)
    tasks.wake(app, "mx-neec", Lane.URGENT)
    until(lambda: drained(redis))
    time.sleep(0.2)

    assert waiting.states() == []


def test_a_lane_that_somebody_holds_is_left_to_it(waiting: World, app: Celery):
    house = waiting.house
    with house.database.write() as tx:
        taken = lane.take_one(
            tx,
            "mx-neec",
            Lane.ROUTINE,
            worker="elsewhere:1:1",
            now=datetime.now(UTC),
            lease=house.terms.lease,
        )
    assert taken is not None

    tasks.wake(app, "mx-neec", Lane.ROUTINE)
    time.sleep(1)
    assert made(waiting) == 0

    with house.database.write() as tx:
        lane.give_back(tx, taken)
    tasks.wake(app, "mx-neec", Lane.ROUTINE)
    until(lambda: waiting.states() == ["settled"])


def test_after_its_answer_the_other_lane_of_the_partner_is_woken(waiting: World, app: Celery):
    """Its waiting time ended with the answer, and nobody else would look before the sweep."""
    waiting.push(member("10000002"))
    waiting.grant("10000002")
    tasks.wake(app, "mx-neec", Lane.ROUTINE)
    until(lambda: waiting.states() == ["settled"])
    waiting.push(member("10000003"))
    waiting.grant("10000003")
    waiting.revoke("10000001", of="mx-neec")

    tasks.wake(app, "mx-neec", Lane.URGENT)

    until(lambda: waiting.states() == ["settled"] * 3)


def test_what_redis_holds_names_lanes_and_nothing_else(
    waiting: World, settings: Settings, redis: servers.Redis
):
    tasks.wake(broker.build(settings), "mx-neec", Lane.ROUTINE)

    assert redis.client.llen("mrx:routine") == 1
    names = [key.decode() for key in redis.client.scan_iter()]
    assert all(name.startswith("mrx:") for name in names), names
    message = redis.client.lindex("mrx:routine", 0)
    assert ONE.encode() not in message
    assert b"10000001" not in message


def test_a_wake_up_after_flushall_arrives(waiting: World, app: Celery, redis: servers.Redis):
    tasks.wake(app, "mx-neec", Lane.URGENT)
    until(lambda: drained(redis))
    redis.client.flushall()

    tasks.wake(app, "mx-neec", Lane.ROUTINE)

    until(lambda: waiting.states() == ["settled"])
