"""A partner's calendar at the operators' door."""

import pytest
from fastapi.testclient import TestClient

from gateway.tokens import Scope
from tests.gateway.acts.entries import entries
from tests.gateway.api.doors import application, bearer, token
from tests.world import World

PATH = "/v1/ops/partners/mx-neec/calendar"
NEW = {
    "time_zone": "America/Mexico_City",
    "working_days": [5, 1, 1],
    "holidays": ["2026-11-16", "2026-09-16"],
    "reason": "their letter",
}


@pytest.fixture
def emil(small_world: World) -> TestClient:
    client = TestClient(application(small_world.house))
    client.headers.update(bearer(token(small_world.house, Scope.PARTNER_ENGINEER)))
    return client


def test_a_calendar_is_kept_whole_and_read_with_the_partner(small_world: World, emil: TestClient):
    done = emil.put(PATH, json=NEW)

    assert done.status_code == 200, done.text
    assert done.json()["working_days"] == ["Monday", "Friday"]
    assert done.json()["holidays"] == ["2026-09-16", "2026-11-16"]
    read = emil.get("/v1/ops/partners/mx-neec").json()["calendar"]
    assert read["time_zone"] == "America/Mexico_City"
    [entry] = entries(small_world.house, "terms changed")
    assert entry["after"]["working_days"] == [1, 5]


@pytest.mark.parametrize(
    "wrong",
    [
        {"time_zone": "Mars/Olympus"},
        {"time_zone": "../etc/passwd"},
        {"working_days": [8]},
        {"working_days": ["1"]},
        {"holidays": ["2026-02-30"]},
        {"holidays": [1790000000]},
        {"reason": ""},
        {"more": 1},
    ],
)
def test_what_is_no_calendar_is_refused(small_world: World, emil: TestClient, wrong: object):
    answer = emil.put(PATH, json={**NEW, **wrong})

    assert (answer.status_code, answer.json()["code"]) == (422, "MRX-7003")
    assert entries(small_world.house, "terms changed") == []


def test_an_operator_s_token_changes_no_calendar(small_world: World, emil: TestClient):
    headers = bearer(token(small_world.house, Scope.OPERATOR))

    answer = emil.put(PATH, json=NEW, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (403, "MRX-7017")
    assert len(entries(small_world.house, "act refused")) == 1
