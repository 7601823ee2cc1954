"""`mrx serve` and `mrx worker` as real processes over a real Redis: nothing rests on a task."""

import signal
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from outbox import batch, ledger
from partners import agreements
from tests import servers
from tests.gateway.engine.cluster import Cluster, alive, children, end, until
from tests.gateway.sandbox import bad_partner
from tests.gateway.sandbox.bad_partner import BadPartner
from tests.journeys.processes import free_port
from tests.world import World, member

pytestmark = [pytest.mark.slow, pytest.mark.processes]

BROKEN = ("Traceback", "MRX-9999", "WorkerLostError")


@pytest.fixture
def mexico(small_world: World) -> Iterator[BadPartner]:
    """A sandbox at a real address; by the wall clock."""
    small_world.clock.now = datetime.now(UTC)
    with bad_partner.bad_partner(small_world.partners["mx-neec"]) as end:
        with small_world.house.database.write() as tx:
            agreements.change(tx, "mx-neec", push_url=end.url)
        yield end


@pytest.fixture
def cluster(
    small_world: World, mexico: BadPartner, redis: servers.Redis, tmp_path: Path
) -> Iterator[Cluster]:
    made = Cluster(small_world.house, redis, tmp_path / "cluster.log")
    yield made
    made.stop()


def tell(one: World, *accounts: str) -> None:
    """Members that Mexico is to be told, from a process that wakes nobody."""
    one.clock.now = datetime.now(UTC)
    one.push(*map(member, accounts))
    one.grant(*accounts)


def told(one: World, *accounts: str) -> bool:
    """Whether Mexico has heard of exactly these, and said so."""
    names = {f"Invented Company {account}" for account in accounts}
    return set(one.held("mx-neec")) == names and set(one.states()) <= {"settled"}


def whole(one: World) -> None:
    """No gap, no fork, nothing unanswered."""
    with one.house.database.read() as tx:
        assert ledger.verify(tx).broken_at is None
        sent = batch.every(tx)
    for kind in ("routine", "urgent"):
        lane = [each for each in sent if each.lane == kind]
        assert [each.number for each in lane] == list(range(1, len(lane) + 1))
        assert [each.previous_digest for each in lane[1:]] == [each.digest for each in lane[:-1]]
        assert {each.state for each in lane} <= {"settled"}


def test_tasks_deliver_and_a_signal_ends_it_in_peace(small_world: World, cluster: Cluster):
    serving, worker = cluster.serve(), cluster.worker()
    until(lambda: len(children(worker.pid)) >= 6)  # three parts, and three slots

    for parent in children_of(worker.pid):
        if children(parent):  # Celery's own children are forked from it
            assert len(list(Path(f"/proc/{parent}/task").iterdir())) == 1, "a thread"
            held = [str(one.readlink()) for one in Path(f"/proc/{parent}/fd").iterdir()]
            assert not [one for one in held if "mrx.db" in one], "a connection"

    tell(small_world, "10000001", "10000002")
    until(lambda: told(small_world, "10000001", "10000002"))
    assert "task" in cluster.workers(), "no task did anything"
    small_world.revoke("10000001", of="mx-neec")
    assert until(lambda: told(small_world, "10000002")) < 10

    parts = children(worker.pid)
    for process in (worker, serving):
        process.send_signal(signal.SIGTERM)
    assert [worker.wait(60), serving.wait(60)] == [0, 0]
    until(lambda: not any(map(alive, parts)), 10)
    assert not [word for word in BROKEN if word in cluster.said()]
    whole(small_world)


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_redis_is_absent_then_there_then_flushed_then_away(
    small_world: World, cluster: Cluster, redis: servers.Redis
):
    redis.stop()
    port = free_port()
    cluster.start("serve", "--port", str(port))
    worker = cluster.worker()
    tell(small_world, "10000001", "10000002", "10000003")
    until(lambda: told(small_world, "10000001", "10000002", "10000003"))
    small_world.revoke("10000001", of="mx-neec")
    assert until(lambda: told(small_world, "10000002", "10000003")) < 10
    assert set(cluster.workers()) == {"sweep"}
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=10) as answer:
        assert answer.status == 200

    redis.start()
    more = iter(range(10000011, 10000060))

    def one_more_leaves_by_a_task() -> bool:
        account = str(next(more))
        tell(small_world, account)
        until(lambda: f"Invented Company {account}" in small_world.held("mx-neec"))
        return "task" in cluster.workers()

    until(one_more_leaves_by_a_task, 90)

    tell(small_world, "10000090")
    redis.client.flushall()
    until(lambda: "Invented Company 10000090" in small_world.held("mx-neec"))

    redis.stop()
    small_world.revoke("10000002", of="mx-neec")
    assert until(lambda: "Invented Company 10000002" not in small_world.held("mx-neec")) < 10
    until(lambda: set(small_world.states()) <= {"settled"})
    redis.start()

    assert worker.poll() is None
    worker.send_signal(signal.SIGINT)
    assert worker.wait(60) == 0
    whole(small_world)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_child_killed_in_a_task_a_part_killed_and_a_supervisor_killed(
    small_world: World, cluster: Cluster, mexico: BadPartner
):
    worker = cluster.worker()
    until(lambda: len(children(worker.pid)) >= 6)

    mexico.will("slow")
    tell(small_world, "10000001")
    until(lambda: cluster.at_task() is not None)
    holder = cluster.at_task()
    assert holder in children(worker.pid)
    until(lambda: small_world.states() == ["sending"])
    end(holder)
    assert until(lambda: told(small_world, "10000001")) < 20
    whole(small_world)

    parts = [one for one in children(worker.pid) if one in children_of(worker.pid)]
    end(parts[0])
    until(lambda: set(children_of(worker.pid)) & set(parts) == set(parts[1:]))
    until(lambda: len(children(worker.pid)) >= 6)

    left = children(worker.pid)
    worker.kill()
    worker.wait(30)
    until(lambda: not any(map(alive, left)), 30)


def children_of(process: int) -> list[int]:
    """Its own children alone."""
    every = children(process)
    theirs = {deeper for one in every for deeper in children(one)}
    return [one for one in every if one not in theirs]
