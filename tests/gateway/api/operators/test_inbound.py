"""Batches that wait, at the operators' door."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from gateway.tokens import Scope
from schemas.record import Record
from tests.gateway.acts.entries import entries
from tests.gateway.api.doors import application, bearer, token
from tests.gateway.sender import Sender, roll, some
from tests.world import World

NOW = datetime.now(UTC)
PATH = "/v1/ops/inbound"


@pytest.fixture
def http(small_world: World) -> TestClient:
    client = TestClient(application(small_world.house))
    client.headers.update(bearer(token(small_world.house, Scope.OPERATE)))
    return client


@pytest.fixture
def second(small_world: World) -> dict[str, str]:
    """The credentials of a second person."""
    return bearer(token(small_world.house, Scope.APPROVER))


@pytest.fixture
def members() -> list[Record]:
    return some(200)


@pytest.fixture
def waiting(small_world: World, members: list[Record]) -> str:
    """The id of a batch that waits: it would take half of the roll away, and bring one member."""
    sender = Sender(small_world)
    sender.send(sender.next(members), now=NOW - timedelta(days=2))
    sender.send(sender.next(some(1), [one.ref for one in members[:100]]), now=NOW)
    return "mx-neec.routine.00000000000000aa.2.1"


def listed(http: TestClient, **query: Any) -> list[str]:
    answer = http.get(PATH, params=query)
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["items"]]


def test_batches_are_listed_by_state_page_by_page(http: TestClient, waiting: str):
    applied = "mx-neec.routine.00000000000000aa.1.1"

    assert listed(http) == [applied, waiting]
    assert listed(http, state="quarantined") == [waiting]
    assert listed(http, partner="ca-pip") == []
    first = http.get(PATH, params={"limit": 1}).json()
    assert [one["id"] for one in first["items"]] == [applied]
    second = http.get(PATH, params={"limit": 1, "after": first["next"]}).json()
    assert ([one["id"] for one in second["items"]], second["next"]) == ([waiting], None)


def test_one_that_waits_says_what_it_would_do(http: TestClient, waiting: str):
    shown = http.get(f"{PATH}/{waiting}").json()

    assert (shown["state"], shown["announced"], shown["withdrawn"]) == ("quarantined", 1, 100)
    assert shown["plan"] == {"come": 1, "gone": 100, "changed": 0}
    applied = http.get(f"{PATH}/{waiting.replace('.2.1', '.1.1')}").json()
    assert (applied["state"], applied["plan"]) == ("applied", None)


def test_letting_members_go_takes_a_second_person(
    http: TestClient, second: dict[str, str], waiting: str, small_world: World
):
    asked = http.post(f"{PATH}/{waiting}/approve", json={"reason": "they moved", "gone": 100})

    assert asked.status_code == 200, asked.text
    said = asked.json()
    assert (said["state"], said["asked"]["state"]) == ("quarantined", "waiting")
    assert len(roll(small_world)) == 200
    decide = f"/v1/ops/approvals/{said['asked']['id']}/approve"
    own = http.post(decide, json={"reason": "sure"})
    assert (own.status_code, own.json()["code"]) == (403, "MRX-7014")
    answer = http.post(decide, json={"reason": "I asked them too"}, headers=second)
    assert (answer.status_code, answer.json()["state"]) == (200, "approved"), answer.text
    done = http.get(f"{PATH}/{waiting}").json()
    assert (done["state"], done["reason"], done["owed"]) == ("applied", "they moved", True)
    assert done["decided_by"] == answer.json()["decided_by"] != said["asked"]["asked_by"]
    assert len(roll(small_world)) == 101


@pytest.mark.parametrize("gone", [0, 99, 101])
def test_the_number_of_those_who_would_go_must_be_typed_right(
    http: TestClient, waiting: str, small_world: World, gone: int
):
    answer = http.post(f"{PATH}/{waiting}/approve", json={"reason": "they moved", "gone": gone})

    assert (answer.status_code, answer.json()["code"]) == (422, "MRX-7024")
    assert http.get("/v1/ops/approvals").json()["items"] == []


def test_where_nobody_goes_one_person_is_enough(http: TestClient, small_world: World):
    sender = Sender(small_world)
    sender.send(sender.next(some(100)), now=NOW - timedelta(days=2))
    sender.send(sender.next(some(100)), now=NOW)

    answer = http.post(
        f"{PATH}/mx-neec.routine.00000000000000aa.2.1/approve",
        json={"reason": "they grew", "gone": 0},
    )

    assert (answer.status_code, answer.json()["state"]) == (200, "applied"), answer.text
    assert len(roll(small_world)) == 200


def test_who_only_looks_decides_nothing_and_the_ledger_has_it(
    http: TestClient, waiting: str, small_world: World
):
    looks = bearer(token(small_world.house, Scope.VIEWER))

    assert http.get(f"{PATH}/{waiting}", headers=looks).status_code == 200
    for act in ("approve", "reject"):
        body = {"reason": "why", "gone": 100} if act == "approve" else {"reason": "why"}
        answer = http.post(f"{PATH}/{waiting}/{act}", json=body, headers=looks)
        assert (answer.status_code, answer.json()["code"]) == (403, "MRX-7017")
    assert len(entries(small_world.house, "act refused")) == 2


def test_a_batch_turned_down_waits_for_no_second_person(
    http: TestClient, second: dict[str, str], waiting: str
):
    asked = http.post(f"{PATH}/{waiting}/approve", json={"reason": "they moved", "gone": 100})
    http.post(f"{PATH}/{waiting}/reject", json={"reason": "no, a test file"})

    found = http.get(f"/v1/ops/approvals/{asked.json()['asked']['id']}").json()

    assert (found["state"], found["decision"]) == ("refused", "no, a test file")


def test_rolls_say_how_large_and_fresh_they_are(http: TestClient, waiting: str):
    found = {one["partner"]: one for one in http.get(f"{PATH}/rolls").json()["items"]}

    assert (found["ca-pip"]["heard_at"], found["ca-pip"]["lower"]) == (None, None)
    one = found["mx-neec"]
    assert (one["partner"], one["size"], one["stale"], one["waiting"]) == ("mx-neec", 200, False, 1)
    assert (one["lower"], one["upper"]) == (150, 250)


def test_rejecting_takes_nothing(http: TestClient, waiting: str, small_world: World):
    answer = http.post(f"{PATH}/{waiting}/reject", json={"reason": "a test file"})

    assert (answer.status_code, answer.json()["state"]) == (200, "rejected")
    assert len(roll(small_world)) == 200


def test_a_double_click_under_a_key_is_one_decision(http: TestClient, waiting: str):
    asked = {"json": {"reason": "a test file"}, "headers": {"Idempotency-Key": "k1"}}

    first, again = (http.post(f"{PATH}/{waiting}/reject", **asked) for _ in range(2))

    assert (first.status_code, first.content) == (again.status_code, again.content)
    other = http.post(f"{PATH}/{waiting}/reject", json={"reason": "no"})
    assert (other.status_code, other.json()["code"]) == (409, "MRX-5022")


@pytest.mark.parametrize("act", ["", "/approve", "/reject"])
def test_a_batch_nobody_sent_is_not_there(http: TestClient, act: str):
    url = f"{PATH}/mx-neec.routine.00000000000000aa.7.1{act}"

    body = {"reason": "why"} | ({"gone": 0} if act == "/approve" else {})
    answer = http.post(url, json=body) if act else http.get(url)

    assert (answer.status_code, answer.json()["code"]) == (404, "MRX-5014")


@pytest.mark.parametrize("reason", ["", " ", "two\nlines", "x" * 501, None])
def test_a_decision_needs_a_reason_of_one_line(http: TestClient, waiting: str, reason: Any):
    answer = http.post(f"{PATH}/{waiting}/approve", json={"reason": reason, "gone": 100})

    assert (answer.status_code, answer.json()["code"]) == (422, "MRX-7003")


@pytest.mark.usefixtures("waiting")
def test_a_roll_has_thirty_days_behind_it(http: TestClient):
    found = http.get(f"{PATH}/rolls/mx-neec").json()

    assert (len(found["days"]), found["percent"]) == (30, 20)
    today, before = found["days"][-1], found["days"][0]
    assert today == {
        "day": str(NOW.date()),
        "size": 200,
        "lower": 150,
        "upper": 250,
        "held_back": 1,
    }
    assert (before["size"], before["lower"]) == (None, None)
    assert "one batch waited" in found["sentence"]
    unknown = http.get(f"{PATH}/rolls/xx-aeo")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "MRX-5001")
