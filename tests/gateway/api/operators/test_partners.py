"""Overview, partners and lanes at the operators' door."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient

from gateway.tokens import Scope
from partners import agreements
from schemas.status import Status
from tests.gateway.acts.entries import entries
from tests.gateway.api.doors import application, bearer, token
from tests.gateway.cli.ends import served
from tests.world import NEVER_ARRIVED, ONE, Clock, World, member


@pytest.fixture
def world(small_world: World) -> World:
    small_world.clock = small_world.wire.clock = Clock(datetime.now(UTC))
    small_world.push(member("10000001"))
    small_world.grant("10000001")
    return small_world


@pytest.fixture
def http(world: World) -> TestClient:
    client = TestClient(application(world.house))
    client.headers.update(bearer(token(world.house, Scope.OPERATOR)))
    return client


@pytest.fixture
def viewing(world: World) -> dict[str, str]:
    return bearer(token(world.house, Scope.VIEWER))


@pytest.fixture
def listening(world: World) -> Iterator[World]:
    with served(world.partners["mx-neec"]) as url:
        with world.house.database.write() as tx:
            agreements.change(tx, "mx-neec", push_url=url)
        yield world


def test_the_overview_has_alarms_and_a_row_a_partner(world: World, http: TestClient):
    world.wire.plan = [NEVER_ARRIVED] * 8
    world.deliver(rounds=8)

    told = http.get("/v1/ops/overview").json()

    assert [(one["kind"], one["code"]) for one in told["alarms"]] == [("failing", "MRX-6001")]
    rows = {one["partner"]: one for one in told["partners"]}
    assert len(rows) == 5
    mexico = rows["mx-neec"]
    assert (mexico["state"], mexico["unknown"]) == ("failing", 1)
    assert mexico["in_flight"] == {"n": 1, "more": False}
    assert mexico["lanes"][1]["flying"]["id"] == "1"  # ids are strings
    assert len(mexico["days"]) == 30
    assert mexico["days"][-1]["mark"] == "failed"


def test_the_list_and_the_overview_say_the_same(world: World, http: TestClient):
    listed = http.get("/v1/ops/partners").json()["items"]

    assert listed == http.get("/v1/ops/overview").json()["partners"]


def test_one_partner_tells_exactly_what_it_is_told(world: World, http: TestClient):
    world.deliver()

    told = http.get("/v1/ops/partners/mx-neec").json()

    assert {one["scheme"] for one in told["fields_told"]["identifiers"] if one["leaves"]} == {
        "SCAC",
        "ICR",
        "MID",
    }
    assert {one["status"] for one in told["fields_told"]["statuses"]} == set(Status)
    assert told["agreement"]["stage_name"] == "implementation"
    assert (told["held"], told["holdings"]["sent"], told["holdings"]["agree"]) == (1, 1, True)
    assert [one["state"] for one in told["certificates"]] == ["pinned", "current"]
    assert told["tested"] is None
    assert "Invented" not in str(told)


def test_pausing_and_resuming_change_what_leaves(world: World, http: TestClient):
    paused = http.post("/v1/ops/lanes/mx-neec/pause", json={"reason": "maintenance"}).json()
    world.deliver()
    assert (paused["state"], world.held("mx-neec")) == ("paused", {})

    resumed = http.post("/v1/ops/lanes/mx-neec/resume", json={}).json()
    world.deliver()

    assert (resumed["state"], resumed["retold"]) == ("open", 0)
    assert world.held("mx-neec") == {ONE: "VALIDATED"}
    (said,) = entries(world.house, "paused")
    assert said["reason"] == "maintenance"
    assert said["by"].startswith("token ")


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "x", "until": "never"}])
def test_a_pause_needs_a_reason_and_nothing_else(http: TestClient, body: dict[str, str]):
    assert http.post("/v1/ops/lanes/mx-neec/pause", json=body).status_code == 422


def test_a_test_of_the_connection_is_answered_and_kept(listening: World, http: TestClient):
    found = http.post("/v1/ops/partners/mx-neec/test").json()

    assert found["well"] is True
    assert [step["step"] for step in found["steps"]][-2:] == ["echo", "clock"]
    assert http.get("/v1/ops/partners/mx-neec").json()["tested"] == found


def test_a_viewer_reads_and_does_nothing(world: World, http: TestClient, viewing: dict[str, str]):
    http.headers.update(viewing)

    for path in ("overview", "partners", "partners/mx-neec"):
        assert http.get(f"/v1/ops/{path}").status_code == 200
    for path in ("lanes/mx-neec/pause", "lanes/mx-neec/resume", "partners/mx-neec/test"):
        answer = http.post(f"/v1/ops/{path}", json={"reason": "because"})
        assert (answer.status_code, answer.json()["code"]) == (403, "MRX-7017")

    assert len(entries(world.house, "act refused")) == 3


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "partners/fr-aeo"),
        ("POST", "partners/fr-aeo/test"),
        ("POST", "lanes/fr-aeo/pause"),
        ("POST", "lanes/fr-aeo/resume"),
    ],
)
def test_what_is_no_partner_is_not_found(http: TestClient, method: str, path: str):
    answer = http.request(method, f"/v1/ops/{path}", json={"reason": "because"})

    assert (answer.status_code, answer.json()["code"]) == (404, "MRX-5001")


def test_a_partner_that_fetches_cannot_be_tested_from_here(http: TestClient):
    answer = http.post("/v1/ops/partners/ca-pip/test")

    assert (answer.status_code, answer.json()["code"]) == (409, "MRX-5016")
