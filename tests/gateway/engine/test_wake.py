"""Wake-ups are published after the commit, by nobody who has to wait, and Redis may be anything."""

import logging
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from gateway import tokens
from gateway.app import build
from gateway.cli import here
from gateway.engine import broker, wake
from gateway.engine.wake import Waker
from gateway.settings import Settings
from gateway.tokens import Scope
from schemas.batch import Lane
from schemas.tables import lanes
from tests import servers, world
from tests.conftest import FILE_ONLY
from tests.gateway.engine.cluster import until
from tests.world import World, member


def queued(redis: servers.Redis, kind: Lane = Lane.ROUTINE) -> int:
    return int(redis.client.llen(f"mrx:{kind.value}"))


@contextmanager
def waking(one: World, settings: Settings, **transport: float) -> Iterator[Waker]:
    waker = Waker(one.house, broker.build(settings, **transport))
    waker.start()
    try:
        yield waker
    finally:
        waker.stop()


@contextmanager
def mute_redis() -> Iterator[str]:
    """The address of one that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as listener:
        yield f"redis://:secret@127.0.0.1:{listener.getsockname()[1]}/0"


def test_a_push_and_a_consent_wake_the_lane_they_made_due(
    called: World, settings: Settings, redis: servers.Redis
):
    with waking(called, settings):
        called.push(member("10000001"))
        called.grant("10000001")
        called.push(member("10000001", name="Invented Company, renamed"))

        until(lambda: queued(redis) == 1)
    assert queued(redis, Lane.URGENT) == 0


def test_rung_again_and_again_a_lane_is_called_once_until_it_was_taken(
    waiting: World, settings: Settings, redis: servers.Redis
):
    waker = Waker(waiting.house, broker.build(settings))
    for _ in range(3):
        waker.call()
    assert queued(redis) == 1

    with waiting.house.database.write() as tx:
        tx.execute(update(lanes).values(fence=lanes.c.fence + 1))
    waker.call()
    assert queued(redis) == 2


def test_nothing_due_is_nothing_published(called: World, settings: Settings, redis: servers.Redis):
    waker = Waker(called.house, broker.build(settings))
    waker.call()

    assert (waker.published, waker.failed) == (0, 0)
    assert queued(redis) == 0


@FILE_ONLY
def test_without_redis_failures_are_counted_and_said_once_and_it_comes_back(
    waiting: World,
    settings: Settings,
    redis: servers.Redis,
    caplog: pytest.LogCaptureFixture,
):
    caplog.set_level(logging.INFO)
    redis.stop()
    waker = Waker(waiting.house, broker.build(settings))
    for failures in (1, 2):
        waker.call()
        assert waker.failed == failures
    redis.start()
    waker.call()

    assert waker.published == 1
    said = [one.getMessage() for one in caplog.records if one.name == "mrx.wake"]
    assert len(said) == 2
    assert "takes no wake-ups" in said[0]
    assert "again" in said[1]


@FILE_ONLY
def test_no_log_line_holds_the_brokers_password(waiting: World, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"redis://:secret@127.0.0.1:{closed.getsockname()[1]}/0"
    settings = world.settings(waiting.house, engine="celery", broker_url=url)
    waker = Waker(waiting.house, broker.build(settings))
    waker.call()
    assert waker.failed == 1

    assert "secret" not in caplog.text


@pytest.mark.slow
@FILE_ONLY
def test_no_request_waits_for_a_redis_that_does_not_answer(waiting: World):
    with mute_redis() as url:
        settings = world.settings(waiting.house, engine="celery", broker_url=url)
        with waiting.house.database.write() as tx:
            token = tokens.create(tx, "feed", [Scope.REVOKE], by="test", now=waiting.clock.now)
        with (
            waking(waiting, settings, socket_timeout=3) as waker,
            TestClient(build(waiting.house, settings)) as http,
        ):
            failed, began = waker.failed, time.monotonic()
            answer = http.post(
                "/v1/source/members/10000001/consents/mx-neec/revoke",
                headers={"Authorization": f"Bearer {token}"},
            )
            took = time.monotonic() - began
            assert answer.status_code == 201, answer.text
            assert waker.failed == failed
            until(lambda: waker.failed > failed)

    assert took < 2.5, "the waker waited longer than that"


def test_a_command_wakes_at_its_end(
    waiting: World, settings: Settings, redis: servers.Redis, monkeypatch: pytest.MonkeyPatch
):
    commanded(waiting, settings.broker_url, monkeypatch)
    with here.house() as house, house.bell.after():
        assert queued(redis) == 0

    assert queued(redis) == 1


def test_a_command_that_changed_nothing_wakes_nobody(
    waiting: World, settings: Settings, redis: servers.Redis, monkeypatch: pytest.MonkeyPatch
):
    commanded(waiting, settings.broker_url, monkeypatch)
    with here.house():
        pass

    assert queued(redis) == 0


@pytest.mark.slow
@FILE_ONLY
def test_a_command_waits_a_second_at_most_and_says_nothing(
    waiting: World,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
):
    with mute_redis() as url:
        commanded(waiting, url, monkeypatch)
        began = time.monotonic()
        wake.once(waiting.house, here.settings())
        took = time.monotonic() - began

    assert took < wake.ONCE_SECONDS + 0.5
    assert capfd.readouterr() == ("", "")


def commanded(one: World, broker_url: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of a command of this gateway."""
    assert broker_url is not None
    for name, value in world.environment(one.house).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MRX_ENGINE", "celery")
    monkeypatch.setenv("MRX_BROKER_URL", broker_url)
