"""Conformance at the operators' door."""

import pytest
from fastapi.testclient import TestClient

from gateway.tokens import Scope
from partners import agreements
from tests.gateway.api.doors import application, bearer, token
from tests.world import World

PATH = "/v1/ops/partners/mx-neec/conformance"


@pytest.fixture
def http(small_world: World) -> TestClient:
    with small_world.house.database.write() as tx:
        agreements.change(tx, "mx-neec", push_url=None)
    return TestClient(application(small_world.house))


def test_a_run_answers_with_its_report_which_is_read_again(small_world: World, http: TestClient):
    emil = bearer(token(small_world.house, Scope.PARTNER_ENGINEER))
    vera = bearer(token(small_world.house, Scope.VIEWER))
    none = http.get(PATH, headers=vera)
    assert (none.status_code, none.json()["code"]) == (404, "MRX-7004")

    done = http.post(PATH, headers=emil)

    assert done.status_code == 200, done.text
    report = done.json()
    assert (report["well"], report["address"], report["losses"]) == (True, None, [])
    assert {one["name"]: one["result"] for one in report["checks"]}["connection"] == "not run"
    assert http.get(PATH, headers=vera).json() == report
    step = http.get("/v1/ops/onboarding/mx-neec", headers=vera).json()["tasks"]
    assert [one["done"] for one in step if one["step"] == "conformance"] == [True]


def test_who_only_looks_runs_nothing(small_world: World, http: TestClient):
    answer = http.post(PATH, headers=bearer(token(small_world.house, Scope.OPERATE)))

    assert (answer.status_code, answer.json()["code"]) == (403, "MRX-7017")
