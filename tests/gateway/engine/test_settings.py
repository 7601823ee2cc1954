"""Which engine, and where its Redis is: refused early, by name, and without a word of a password."""

import subprocess
import sys

import pytest
from pydantic import ValidationError

from gateway.cli import here
from gateway.engine import broker
from gateway.settings import Settings
from schemas.batch import Lane
from schemas.errors import NotReady

GOOD = [
    "redis://localhost",
    "redis://:secret@host.example:6380/2",
    "rediss://user:secret@10.0.0.7/0",
    "redis+socket:///run/redis/redis.sock",
    "redis+socket:///run/redis/redis.sock?virtual_host=2",
]
BAD = [
    "amqp://:secret@localhost",
    "redis://",
    "redis://:secret@:6379",
    "redis://:secret@localhost:99999",
    "redis://:secret@localhost:0",
    "redis+socket://",
    "localhost:6379",
    "redis://[:secret",
]


@pytest.mark.parametrize("url", GOOD)
def test_an_address_of_redis_is_taken(url: str):
    assert Settings(engine="celery", broker_url=f" {url} ").broker_url == url


@pytest.mark.parametrize("url", BAD)
def test_another_one_is_refused_and_not_repeated(url: str):
    with pytest.raises(ValidationError) as refused:
        Settings(engine="celery", broker_url=url)

    assert [fault["loc"] for fault in refused.value.errors()] == [("broker_url",)]
    assert "secret" not in str(refused.value)


def test_a_password_stands_in_no_repr():
    assert "secret" not in repr(Settings(engine="celery", broker_url="redis://:secret@h/0"))


def test_celery_needs_a_broker_and_the_error_names_the_variable(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MRX_ENGINE", "celery")
    monkeypatch.delenv("MRX_BROKER_URL", raising=False)

    with pytest.raises(NotReady) as refused:
        here.settings()

    assert refused.value.code == "MRX-9010"
    assert "MRX_BROKER_URL" in str(refused.value)


def test_threads_need_none():
    assert Settings().broker_url is None
    assert Settings().engine == "threads"


def test_what_makes_celery_safe_to_lose_is_set():
    settings = Settings(engine="celery", broker_url="redis://localhost", request_seconds=30)
    conf = broker.build(settings).conf

    assert conf.result_backend is None
    assert conf.task_ignore_result
    assert not conf.task_acks_late
    assert not conf.task_reject_on_worker_lost
    assert (conf.worker_prefetch_multiplier, conf.worker_disable_prefetch) == (1, True)
    assert (conf.task_soft_time_limit, conf.task_time_limit) == (60, 90)
    assert conf.worker_soft_shutdown_timeout == 35
    assert not conf.task_publish_retry
    assert not conf.worker_send_task_events
    assert not conf.task_send_sent_event
    assert not conf.worker_cancel_long_running_tasks_on_connection_loss
    assert conf.broker_connection_retry_on_startup
    assert conf.broker_connection_max_retries is None
    assert (conf.broker_pool_limit, conf.broker_pool_acquire_timeout) == (4, 2)
    assert conf.accept_content == ["json"]
    options = conf.broker_transport_options
    assert options["visibility_timeout"] == 300
    assert options["global_keyprefix"] == "mrx:"
    assert {"socket_timeout", "socket_connect_timeout", "health_check_interval"} <= options.keys()
    assert [queue.name for queue in conf.task_queues] == [lane.value for lane in Lane]


def test_time_limits_lie_beyond_a_request_that_began_at_the_budgets_end():
    settings = Settings(engine="celery", broker_url="redis://localhost", request_seconds=120)
    conf = broker.build(settings).conf

    assert conf.task_soft_time_limit > 20 + 120
    assert conf.task_time_limit > conf.task_soft_time_limit


@pytest.mark.slow
def test_who_serves_with_threads_never_imports_celery():
    script = "import sys, gateway.server; print(*sys.modules)"

    said = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)

    assert not {"celery", "kombu", "redis"} & set(said.stdout.decode().split())
