"""Every door through which a lane may become due rings; commands wake at their end."""

from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient

from gateway import inbound, tokens
from gateway.app import build
from gateway.settings import Settings
from gateway.tokens import Scope
from tests import servers, world
from tests.conftest import FILE_ONLY
from tests.gateway.cli.command import Mrx, lines
from tests.world import BYTES_MAX, World, member

GRANTED = {
    "account": "10000001",
    "programme": "mx-neec",
    "event": "granted",
    "at": "2014-08-20T12:00:00Z",
    "officer": {"title": "Vice President"},
    "text_version": "neec-2014",
}


@pytest.fixture
def mrx(called: World, redis: servers.Redis) -> Mrx:
    """The command line of this gateway, with the engine celery."""
    environment = world.environment(called.house)
    celery = {"MRX_ENGINE": "celery", "MRX_BROKER_URL": redis.url}
    return Mrx(called.house.folder, {**environment, **celery})


def woken(redis: servers.Redis) -> int:
    """How many wake-ups have come since this was last asked."""
    count = int(redis.client.llen("mrx:routine"))
    redis.client.flushall()
    return count


def test_commands_wake_and_those_that_only_look_do_not(mrx: Mrx, redis: servers.Redis):
    mrx("push", "members", "-", stdin=lines(member("10000001"), member("10000002")))
    assert woken(redis) == 0, "nobody has consented"

    mrx("push", "consents", "-", stdin=lines(GRANTED))
    assert woken(redis) == 1
    mrx("consent", "grant", "10000002", "mx-neec", "--officer-title", "President")
    assert woken(redis) == 1
    mrx("push", "members", "-", stdin=lines(member("10000001", name="Invented Company, renamed")))
    assert woken(redis) == 1

    mrx("roll", "list", "us-ctpat")
    mrx("push", "members", "-", "--dry-run", stdin=lines(member("10000001")))
    assert woken(redis) == 0

    mrx("partner", "pause", "mx-neec", "--reason", "their maintenance")
    assert woken(redis) == 0
    mrx("partner", "resume", "mx-neec", "--reason", "it is over")
    assert woken(redis) == 1


@FILE_ONLY
def test_without_redis_a_command_says_nothing_about_it(mrx: Mrx, redis: servers.Redis):
    mrx("push", "members", "-", stdin=lines(member("10000001")))
    redis.stop()

    said = mrx("push", "consents", "-", stdin=lines(GRANTED))

    assert "edis" not in said.output
    redis.start()


def test_a_revocation_by_http_rings(waiting: World):
    house = waiting.house
    with house.database.write() as tx:
        token = tokens.create(tx, "feed", [Scope.REVOKE], by="test", now=waiting.clock.now)
    before = house.bell.strokes

    with TestClient(build(house, Settings(home=house.folder))) as http:
        answer = http.post(
            "/v1/source/members/10000001/consents/mx-neec/revoke",
            headers={"Authorization": f"Bearer {token}"},
        )

    assert answer.status_code == 201
    assert house.bell.strokes == before + 1


@FILE_ONLY
def test_a_receipt_that_is_brought_rings(small_world: World):
    small_world.clock.now = datetime.now(UTC)
    small_world.push(member("10000001"))
    small_world.grant("10000001")
    small_world.deliver()
    house, mexico = small_world.house, small_world.partners["mx-neec"]
    _, file = small_world.wire.journal[-1]
    receipt = inbound.take(mexico, file, bytes_max=BYTES_MAX, now=small_world.clock.now)
    before = house.bell.strokes

    inbound.take_receipt(house, receipt, bytes_max=BYTES_MAX, now=small_world.clock.now)

    assert house.bell.strokes == before + 1


def test_a_push_without_news_does_not_ring(waiting: World):
    before = waiting.house.bell.strokes
    waiting.push(member("10000001"))
    assert waiting.house.bell.strokes == before

    waiting.push(member("10000001", name="Invented Company, renamed"))
    assert waiting.house.bell.strokes > before


@FILE_ONLY
def test_a_worker_of_another_engine_is_refused_by_name(called: World):
    said = Mrx(called.house.folder)("worker", code=1)

    assert "MRX-9010" in said.stderr
    assert "MRX_ENGINE" in said.stderr
