"""What the doctor finds of the Redis that wakes the workers of the engine celery."""

import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from gateway import doctor
from gateway.checkup.finding import Result
from gateway.cli import here
from gateway.settings import Settings
from tests import servers
from tests.gateway.doctor.examined import FAILED, OK, SKIPPED, WARNING, examined, now


@pytest.fixture
def redis() -> Iterator[servers.Redis]:
    with tempfile.TemporaryDirectory(prefix="mrx-redis-") as folder:  # a socket's path is short
        started = servers.Redis(Path(folder))
        yield started
        started.stop()


@pytest.fixture
def woken(ours: Settings, redis: servers.Redis) -> Settings:
    """The settings of a gateway whose workers are woken over Redis."""
    return Settings(home=ours.home, engine="celery", broker_url=redis.url)


def test_without_celery_nobody_asks_for_redis(ours: Settings):
    assert "redis" not in examined(ours)


def test_a_good_redis_is_well(woken: Settings):
    steps = examined(woken)

    assert {steps[name].result for name in ("redis", "eviction", "persistence", "redis clock")} == {
        OK
    }


def test_workers_on_a_file_are_a_warning(woken: Settings, ours: Settings):
    assert examined(woken)["database"].result is WARNING
    assert examined(ours)["database"].result is OK


def test_celery_without_a_broker_names_the_setting(monkeypatch):
    monkeypatch.setenv("MRX_ENGINE", "celery")

    found = doctor.examine(here.settings, environment={}, clock=now)

    assert "MRX_BROKER_URL" in found.steps[0].sentence
    assert not found.well


def test_a_redis_that_does_not_answer_fails_soon_and_keeps_the_password(ours: Settings):
    url = "redis://:very-secret@127.0.0.1:1/0"

    steps = examined(Settings(home=ours.home, engine="celery", broker_url=url))

    assert steps["redis"].result is FAILED
    assert "very-secret" not in str(steps)
    assert steps["eviction"].result is SKIPPED


def test_a_redis_that_hangs_is_not_waited_for(woken: Settings, redis: servers.Redis):
    redis._server.send_signal(signal.SIGSTOP)
    try:
        began = time.monotonic()
        steps = examined(woken, answer_seconds=0.2)
        assert time.monotonic() - began < 5
    finally:
        redis._server.send_signal(signal.SIGCONT)

    assert steps["redis"].result is FAILED


def test_a_redis_with_another_password_fails(woken: Settings, redis: servers.Redis):
    redis.client.config_set("requirepass", "very-secret")

    assert examined(woken)["redis"].result is FAILED


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl"])
def test_a_redis_that_evicts_fails(policy: str, woken: Settings, redis: servers.Redis):
    redis.client.config_set("maxmemory-policy", policy)

    said = examined(woken)["eviction"]

    assert said.result is FAILED
    assert policy in said.sentence


def test_a_redis_that_cannot_save_is_a_warning(woken: Settings, redis: servers.Redis):
    (redis._home / "dump.rdb").mkdir()  # what it renames into place has no place
    redis.client.bgsave()
    while redis.client.info("persistence")["rdb_bgsave_in_progress"]:
        time.sleep(0.01)

    assert examined(woken)["persistence"].result is WARNING


@pytest.mark.parametrize(
    ("off", "result"), [(timedelta(seconds=5), WARNING), (timedelta(seconds=90), FAILED)], ids=str
)
def test_a_redis_whose_clock_differs_is_found(off: timedelta, result: Result, woken: Settings):
    assert examined(woken, clock=lambda: now() + off)["redis clock"].result is result


def test_workers_that_wait_are_seen_and_none_is_a_warning(woken: Settings, redis: servers.Redis):
    assert examined(woken)["workers"].result is WARNING

    waiting = threading.Thread(target=lambda: redis.client.brpop("mrx:routine", 5))
    waiting.start()
    try:
        while not redis.client.info("clients")["blocked_clients"]:
            time.sleep(0.01)
        assert examined(woken)["workers"].result is OK
    finally:
        redis.client.lpush("mrx:routine", "go")
        waiting.join()
