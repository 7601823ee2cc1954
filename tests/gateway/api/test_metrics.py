"""Who may read /metrics, and in which form."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from gateway.app import build
from gateway.settings import Settings
from gateway.tokens import Scope
from outbox.house import House
from schemas.tables import ledger
from tests.gateway.api.doors import bearer, token
from tests.gateway.metrics.told import read
from tests.world import World


@pytest.fixture
def house(small_world: World) -> House:
    return small_world.house


def collector(house: House, peer: str = "10.9.8.7", **settings: object) -> TestClient:
    app = build(house, Settings(home=house.folder, **settings))
    return TestClient(app, client=(peer, 50_000))


def test_a_token_that_sees_reads_them(house: House):
    answer = collector(house).get("/metrics", headers=bearer(token(house, Scope.VIEWER)))

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert answer.headers["cache-control"] == "no-store"
    told = read(answer.text)
    assert told("mrx_lane_state", partner="mx-neec", lane="urgent", state="open") == 1
    assert told("mrx_counters_ready") == 1


def test_openmetrics_for_who_asks_for_it(house: House):
    headers = {**bearer(token(house, Scope.OPERATE)), "Accept": "application/openmetrics-text"}

    answer = collector(house).get("/metrics", headers=headers)

    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


def test_nobody_without_a_token_and_no_loopback_is_somebody(house: House):
    for peer in ("10.9.8.7", "127.0.0.1", "::1"):
        answer = collector(house, peer).get("/metrics")
        assert (answer.status_code, answer.json()["code"]) == (401, "MRX-7001")
        assert "mrx_" not in answer.text


def test_a_token_of_the_source_does_not_see(house: House):
    headers = bearer(token(house, Scope.PUSH, Scope.READ, Scope.LOOKUP))

    answer = collector(house).get("/metrics", headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (403, "MRX-7002")


def test_a_refused_collector_does_not_fill_the_ledger(house: House):
    headers = bearer(token(house, Scope.PUSH))
    with house.database.read() as tx:
        before = tx.scalar(select(func.count()).select_from(ledger))

    collector(house).get("/metrics", headers=headers)
    collector(house).get("/metrics")

    with house.database.read() as tx:
        assert tx.scalar(select(func.count()).select_from(ledger)) == before


@pytest.mark.parametrize(
    ("peer", "proxies", "status"),
    [
        pytest.param("10.2.0.9", "", 200, id="in the network"),
        pytest.param("::ffff:10.2.0.9", "", 200, id="in the network, by IPv6"),
        pytest.param("10.3.0.9", "", 401, id="beside it"),
        pytest.param("10.2.0.9", "10.2.0.0/24", 401, id="a proxy, who speaks for anybody"),
    ],
)
def test_a_listed_address_needs_no_token(house: House, peer: str, proxies: str, status: int):
    client = collector(house, peer, metrics_addresses="10.2.0.0/16", proxy_addresses=proxies)

    answer = client.get("/metrics", headers={"X-Forwarded-For": "10.2.0.1"})

    assert answer.status_code == status
