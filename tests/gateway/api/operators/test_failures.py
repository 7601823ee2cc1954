"""Failures, replays and batches at the operators' door."""

import zipfile
from datetime import UTC, datetime
from io import BytesIO

import pytest
from fastapi.testclient import TestClient

from gateway import replaying
from gateway.tokens import Scope
from tests.gateway.acts.entries import entries
from tests.gateway.api.doors import application, bearer, token
from tests.gateway.turned_down import ACCOUNTS, refused, waiting
from tests.world import NEVER_ARRIVED, Clock, World, member

CODE = "MRX-2210"
ASKED = {"partner": "mx-neec", "code": CODE, "reason": "repaired there"}


@pytest.fixture
def world(small_world: World) -> World:
    small_world.clock = small_world.wire.clock = Clock(datetime.now(UTC))
    refused(small_world, ACCOUNTS)
    return small_world


def client(world: World, *scopes: Scope) -> TestClient:
    made = TestClient(application(world.house), base_url="http://testserver/v1/ops/")
    made.headers.update(bearer(token(world.house, *scopes)))
    return made


@pytest.fixture
def operator(world: World) -> TestClient:
    return client(world, Scope.OPERATOR)


@pytest.fixture
def viewer(world: World) -> TestClient:
    return client(world, Scope.VIEWER)


def test_causes_are_listed_with_what_to_do(viewer: TestClient):
    [cause] = viewer.get("failures").json()["items"]

    assert (cause["code"], cause["partner"], cause["kind"]) == (CODE, "mx-neec", "notices")
    assert (cause["notices"], cause["replayable"]) == ({"n": 7, "more": False}, True)
    assert cause["repairer"] == "source"
    assert viewer.get("failures", params={"partner": "ca-pip"}).json() == {"items": []}


def test_the_notices_of_a_cause_are_masked_unless_companies_may_be_seen(
    world: World, viewer: TestClient
):
    asked = {"partner": "mx-neec", "code": CODE, "limit": 4}

    masked = viewer.post("failures/notices", json=asked).json()
    assert [one["account"] for one in masked["items"]] == [
        f"100***{account[-2:]}" for account in ACCOUNTS[:4]
    ]
    assert (masked["next"], masked["more"]) == (None, True)
    further = viewer.post("failures/notices", json={**asked, "after": ACCOUNTS[3]})
    assert (further.status_code, further.json()["code"]) == (403, "MRX-7017")
    told = entries(world.house, "act refused")[-1]
    assert (told["by"][:6], told["right"]) == ("token ", "see companies")

    auditor = client(world, Scope.AUDITOR)
    first = auditor.post("failures/notices", json=asked).json()
    second = auditor.post("failures/notices", json={**asked, "after": first["next"]}).json()
    assert [one["account"] for one in first["items"] + second["items"]] == ACCOUNTS
    assert (second["next"], second["more"]) == (None, False)


def test_a_code_is_explained(viewer: TestClient):
    assert viewer.get(f"codes/{CODE}").json()["title"] == "the partner refused this notice"
    assert viewer.get("codes/MRX-0000").json()["code"] == "MRX-5018"


def test_a_replay_is_previewed_asked_for_and_watched(world: World, operator: TestClient):
    seen = operator.get("replays/preview", params={"partner": "mx-neec", "code": CODE}).json()
    assert (seen["matched"]["n"], seen["goes"], seen["for_two"]) == (7, 7, False)

    begun = operator.post("replays", json=ASKED)
    assert begun.status_code == 202, begun.text
    replay = begun.json()
    assert (replay["state"], replay["asked_by"][:6]) == ("running", "token ")
    replaying.go_on(world.house, now=datetime.now(UTC), chunk=4)
    assert operator.get(f"replays/{replay['id']}").json()["looked_at"] == 4

    ended = operator.post(f"replays/{replay['id']}/cancel", json={"reason": "enough"}).json()
    assert (ended["state"], ended["retold"]) == ("cancelled", 4)
    assert [one["id"] for one in operator.get("replays").json()["items"]] == [replay["id"]]
    assert list(waiting(world).values()).count(CODE) == 3


def test_a_repetition_under_a_key_begins_one_replay(operator: TestClient):
    first, again = (
        operator.post("replays", json=ASKED, headers={"Idempotency-Key": "k1"}) for _ in range(2)
    )

    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert len(operator.get("replays").json()["items"]) == 1
    other = operator.post("replays", json=ASKED)
    assert (other.status_code, other.json()["code"]) == (409, "MRX-7015")


def test_replays_are_paged_by_a_cursor(operator: TestClient):
    made = []
    for _ in range(3):
        made.append(operator.post("replays", json=ASKED).json()["id"])
        operator.post(f"replays/{made[-1]}/cancel", json={"reason": "again"})

    seen, after = [], None
    while True:
        page = operator.get("replays", params={"limit": 1, **({"after": after} if after else {})})
        seen += [one["id"] for one in page.json()["items"]]
        after = page.json()["next"]
        if after is None:
            break

    assert seen == made[::-1]


def test_a_batch_has_a_time_line_notices_and_evidence(world: World, operator: TestClient):
    [batch] = operator.get("batches").json()["items"]
    assert (batch["id"], batch["state"], batch["announcements"]) == ("1", "settled", 7)
    line = operator.get("batches/1").json()
    assert line["outcomes"] == {"refused": 7}
    assert [one["outcome"] for one in line["issues"][0]["attempts"]] == ["receipt"]
    assert line["next_try"] is None

    found, after = [], None
    for _ in range(4):
        query = {"outcome": "refused", "limit": 2, **({"after": after} if after else {})}
        page = operator.get("batches/1/notices", params=query).json()
        found += page["items"]
        after = page["next"]
    assert (len(found), after) == (7, None)
    assert {one["code"] for one in found} == {"NO-MATCH"}
    assert not {one["account"] for one in found} & set(ACCOUNTS)

    file = operator.post("batches/1/evidence")
    assert file.headers["content-type"] == "application/zip"
    assert "manifest.json" in zipfile.ZipFile(BytesIO(file.content)).namelist()


def test_an_unanswered_batch_is_tried_now(world: World, operator: TestClient):
    world.push(member("20000001"))
    world.grant("20000001")
    world.wire.plan = [NEVER_ARRIVED]
    world.deliver(1)
    line = operator.get("batches/2").json()
    assert line["next_try"]["at"] is not None

    assert operator.post("batches/2/retry").json()["state"] == "unknown"

    assert world.delivery().work()
    assert operator.get("batches/2").json()["batch"]["state"] == "settled"
    again = operator.post("batches/2/retry")
    assert (again.status_code, again.json()["code"]) == (409, "MRX-7015")


def test_batches_are_paged_newest_first_and_filtered(world: World, operator: TestClient):
    for account in ("20000001", "20000002"):
        world.push(member(account))
        world.grant(account)
        world.deliver()

    first = operator.get("batches", params={"limit": 2}).json()
    second = operator.get("batches", params={"limit": 2, "after": first["next"]}).json()

    assert [one["id"] for one in first["items"] + second["items"]] == ["3", "2", "1"]
    assert second["next"] is None
    for query, ids in (
        ({"state": "settled"}, ["3", "2", "1"]),
        ({"state": "refused"}, []),
        ({"state": "unknown"}, []),
        ({"lane": "urgent"}, []),
        ({"lane": "routine", "partner": "mx-neec"}, ["3", "2", "1"]),
        ({"partner": "ca-pip"}, []),
    ):
        assert [one["id"] for one in operator.get("batches", params=query).json()["items"]] == ids


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "batches/1/retry", None),
        ("POST", "batches/1/evidence", None),
        ("POST", "replays", ASKED),
        ("POST", "replays/0123456789ab/cancel", {"reason": "no"}),
    ],
)
def test_a_viewers_token_is_refused_each_act_and_the_ledger_has_it(
    world: World, viewer: TestClient, method: str, path: str, body: object
):
    answer = viewer.request(method, path, json=body)

    assert (answer.status_code, answer.json()["code"]) == (403, "MRX-7017")
    assert len(entries(world.house, "act refused")) == 1


@pytest.mark.parametrize("path", ["batches/9", "batches/9/notices", "batches/9/comparison"])
def test_a_batch_that_is_not_there(viewer: TestClient, path: str):
    assert viewer.get(path).json()["code"] == "MRX-5003"
