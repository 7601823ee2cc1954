"""Who works the lanes when a test says "deliver": all three must end alike.

    here      the test's own thread, one taking of one lane at a time; the wire is called directly
    threads   those of `mrx serve` (gateway.engine.threads), partners called over HTTP
    celery    worker processes for both queues, woken over a real Redis, partners called over HTTP

`CARRIED` runs a test with each: in its own thread on both databases, and each engine over the
database it is meant for. The other two pairs, threads over PostgreSQL and processes over one file,
are walked whole in tests/journeys (kill, two gateways) and in tests/gateway/engine. It is on the
tests that drive a delivery until nothing is due: calm weather, faults, refusals, receipts,
revocations, pauses, next issues. Others need no carrier, because no engine has a part in what they
show: functions of one transaction (plans, previews, ledger, sums), tests that hold one step or one
commit still, and those that move the clock, which workers read from the wall.

A round of `threads` and `celery` is a taking of every lane that is due, and of what that makes
due. It is over when no lane is due or leased and no task is left: no worker moves between rounds,
so a test says what happens next, as with `here`. Sweeps are not running; nothing but a task of the
test's wakes a worker (what goes on without tasks is tests/gateway/engine).
"""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
import redis
from celery import Celery
from sqlalchemy import select

from gateway.engine import broker, parts, tasks
from gateway.engine.threads import Threads
from gateway.settings import Settings
from outbox import due
from partners import agreements
from schemas.batch import Lane
from schemas.tables import lanes
from tests import world
from tests.served_wire import ServedWire, served

HERE, THREADS, CELERY = "here", "threads", "celery"
CARRIED = pytest.mark.parametrize(
    ("engine", "carrier"),
    [
        pytest.param("sqlite", HERE, id="sqlite-here"),
        *(
            []
            if os.environ.get("MRX_QUICK")
            else [pytest.param("postgresql", HERE, id="postgresql-here")]
        ),
        pytest.param("sqlite", THREADS, id="sqlite-threads", marks=[pytest.mark.slow]),
        pytest.param(
            "postgresql",
            CELERY,
            id="postgresql-celery",
            marks=[pytest.mark.slow, pytest.mark.processes],
        ),
    ],
    indirect=True,
)

Carry = Callable[[world.World], AbstractContextManager[None]]

ROUND_SECONDS = 60
# Each look is two questions to the database: more often, and they would take what workers need.
LOOK_SECONDS = 0.02
# A wake-up that nobody followed for so long is sent again: Celery may lose one.
AGAIN_SECONDS = 2
# Forks what has imported everything already: a worker is there at once.
_forked = multiprocessing.get_context("forkserver")


@contextmanager
def carried(one: world.World, name: str, redis_url: str | None = None) -> Iterator[None]:
    """Let `name` carry what is due in this world while the block lasts, by the wall clock."""
    if name == HERE:
        yield
        return
    with ExitStack() as after:
        wire = after.enter_context(
            served(lambda code, file: one.wire.send(code, file))  # noqa: PLW0108  # tests replace it
        )
        one.clock = one.wire.clock = WallClock()
        with one.house.database.write() as tx:
            for code in one.partners:
                agreements.change(tx, code, push_url=wire.url(code))
        if name == THREADS:
            one.carrier = InThreads(one, wire)
        else:
            assert redis_url is not None
            workers = CeleryWorkers(one, wire, redis_url)
            after.callback(workers.end)
            one.carrier = workers
        yield


class WallClock(world.Clock):
    """The clock of processes: nobody moves it."""

    def __init__(self) -> None:
        """Nothing to set."""

    @property
    def now(self) -> datetime:  # type: ignore[override]
        return datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        raise AssertionError(f"the wall clock moves by itself, not by {by}")


@dataclass(slots=True)
class InThreads:
    """The embedded engine, started for a round and stopped after it."""

    world: world.World
    wire: ServedWire

    def work(self, *, only: str | None = None) -> bool:
        assert only is None, "these threads take any lane"
        if not _due(self.world):
            return False
        engine = Threads(self.world.house)
        engine.start()
        try:
            _until(lambda: _calm(self.world), self.wire)
        finally:
            engine.stop()
        return True


@dataclass(slots=True)
class CeleryWorkers:
    """A worker process with one slot for each queue, as `mrx worker` has them."""

    world: world.World
    wire: ServedWire
    redis_url: str
    _app: Celery = field(init=False)
    _redis: redis.Redis = field(init=False)
    _processes: list[multiprocessing.process.BaseProcess] = field(init=False)

    def __post_init__(self) -> None:
        house = self.world.house
        told = world.told(
            house,
            engine="celery",
            broker_url=self.redis_url,
            routine_slots=1,
            urgent_slots=1,
            request_seconds=house.terms.request_deadline.total_seconds(),
        )
        self._app = broker.build(Settings(**told))
        self._redis = redis.Redis.from_url(self.redis_url.replace("redis+socket://", "unix://"))
        for left in self._redis.scan_iter(f"{broker.PREFIX}*"):
            self._redis.delete(left)
        log = house.folder / "workers.log"
        self._processes = [_forked.Process(target=_serve, args=(told, lane, log)) for lane in Lane]
        for process in self._processes:
            process.start()

    def work(self, *, only: str | None = None) -> bool:
        found = _due(self.world, only)
        if not found:
            return False
        self._wake(found)
        woken = time.monotonic()

        def over() -> bool:
            nonlocal woken
            assert all(process.is_alive() for process in self._processes), "see workers.log"
            if _calm(self.world, only):
                return True
            if time.monotonic() - woken > AGAIN_SECONDS and _idle(self.world):
                self._wake(_due(self.world, only))
                woken = time.monotonic()
            return False

        _until(over, self.wire)
        # A task that is begun is acknowledged; with one slot, the one before it has ended then.
        # Twice, because a task of one queue may have left one in the other.
        for _ in range(2):
            for lane in Lane:
                tasks.wake(self._app, "nobody", lane)
            _until(lambda: not self._queued(), self.wire)
        return True

    def end(self) -> None:
        """SIGKILL: that a worker ends in peace when asked is another test."""
        for process in self._processes:
            assert process.pid is not None
            os.killpg(process.pid, signal.SIGKILL)
            process.join(30)
            process.close()
        self._app.close()
        self._redis.close()

    def _wake(self, found: list[due.Due]) -> None:
        for one in found:
            tasks.wake(self._app, one.partner, one.kind)

    def _queued(self) -> bool:
        """Whether any task is not begun yet."""
        queues = [f"{broker.PREFIX}{lane.value}" for lane in Lane]
        waiting = any(self._redis.llen(queue) for queue in queues)
        return waiting or bool(self._redis.hlen(f"{broker.PREFIX}unacked"))


def _serve(told: Mapping[str, object], lane: Lane, log: Path) -> None:
    """In a process and a group of its own: a Celery worker, as `mrx worker` starts it."""
    os.setsid()
    with log.open("ab") as said:
        for out in (1, 2):
            os.dup2(said.fileno(), out)
    settings = Settings(**told)
    parts.log.begin(settings.log_format)
    parts._work(settings, lane)  # the whole of it is the point


def _due(one: world.World, only: str | None = None) -> list[due.Due]:
    with one.house.database.read() as tx:
        found = due.every(tx, now=one.clock())
    return [each for each in found if only in (None, each.partner)]


def _idle(one: world.World) -> bool:
    """Nobody works a lane."""
    with one.house.database.read() as tx:
        return tx.execute(select(lanes.c.id).where(lanes.c.leased_by.is_not(None))).first() is None


def _calm(one: world.World, only: str | None = None) -> bool:
    return _idle(one) and not _due(one, only)


def _until(so: Callable[[], bool], wire: ServedWire) -> None:
    end = time.monotonic() + ROUND_SECONDS
    while not so():
        wire.check()
        assert time.monotonic() < end, "the round does not end"
        time.sleep(LOOK_SECONDS)
    wire.check()


_forked.set_forkserver_preload(
    [
        "gateway.engine.parts",
        "tests.carriers",
        # What a worker of Celery's imports by name when it begins.
        "celery.apps.worker",
        "celery.concurrency.prefork",
        "celery.worker.consumer",
        "celery.worker.control",
        "kombu.transport.redis",
    ]
)
