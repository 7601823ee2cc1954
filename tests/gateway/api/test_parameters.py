"""What a caller misspells is refused, at every door; every answer names its request."""

import pytest
from fastapi.testclient import TestClient

from gateway.tokens import Scope
from tests.gateway.api.doors import application, bearer, operations, signature, token
from tests.world import World

LISTS = [one for one in operations("source", "operators") if one.method == "GET"]


@pytest.fixture
def client(small_world: World) -> TestClient:
    return TestClient(application(small_world.house))


def test_a_misspelt_dry_run_is_no_push(client: TestClient, small_world: World):
    headers = {
        **bearer(token(small_world.house, Scope.PUSH)),
        "Content-Type": "application/x-ndjson",
    }

    answer = client.post("/v1/source/members?dryrun=true", content=b"{}", headers=headers)

    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/query/dryrun"]
    assert client.get("/v1/source/pushes", headers=headers).json()["items"] == []


def test_no_list_takes_a_parameter_it_does_not_know(client: TestClient, small_world: World):
    headers = bearer(token(small_world.house, *Scope))
    for operation in LISTS:
        url = operation.url()
        answer = client.get(f"{url}{'&' if '?' in url else '?'}elsewhere=1", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "MRX-7003"), str(operation)


@pytest.mark.parametrize(
    "query", ["dry_run=true&dry_run=false", "mode=delta&mode=snapshot", "mode=delta&mode=delta"]
)
def test_what_is_said_twice_of_a_push_is_no_push(
    client: TestClient, small_world: World, query: str
):
    headers = {
        **bearer(token(small_world.house, Scope.PUSH)),
        "Content-Type": "application/x-ndjson",
    }

    answer = client.post(f"/v1/source/members?{query}", content=b"{}", headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (422, "MRX-7003")
    pointer = f"/query/{query.partition('=')[0]}"
    assert answer.json()["errors"] == [{"pointer": pointer, "reason": "said twice"}]
    assert client.get("/v1/source/pushes", headers=headers).json()["items"] == []


TWICE = {
    "/v1/source/heartbeat": b'{"as_of":"2020-01-01T00:00:00Z","as_of":"2026-01-01T00:00:00Z"}',
    "/v1/source/recognised/lookup": b'{"identifiers":[{"scheme":"MID","value":"A","\\u0076alue":"B"}]}',
    "/v1/source/members/10000001/consents/mx-neec/revoke": b'{"at":"2020-01-01T00:00:00Z","at":null}',
    "/v1/ops/users": b'{"name":"a","roles":["viewer"],"roles":["approver"],"reason":"x"}',
}


@pytest.mark.parametrize("path", TWICE)
def test_a_body_that_says_a_key_twice_is_refused(client: TestClient, small_world: World, path: str):
    """Whoever stands between may have read the other one."""
    headers = {
        **bearer(token(small_world.house, *Scope)),
        "Content-Type": "application/json",
    }

    answer = client.post(path, content=TWICE[path], headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (422, "MRX-7003")
    assert {"pointer": "/body", "reason": "key twice"} in answer.json()["errors"]


@pytest.mark.parametrize(
    "body", [b"as_of", b"\xff", b"[" * 100_000, b"9" * 5_000, b'{"a":1,"a":1}']
)
def test_a_body_that_is_no_json_is_refused_as_such(
    client: TestClient, small_world: World, body: bytes
):
    headers = {**bearer(token(small_world.house, *Scope)), "Content-Type": "text/plain"}

    answer = client.post("/v1/source/heartbeat", content=body, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (422, "MRX-7003")


def test_who_calls_comes_before_what_is_said_twice(client: TestClient):
    path = "/v1/source/heartbeat"
    headers = {**bearer("nobody"), "Content-Type": "application/json"}

    assert client.post(path, content=TWICE[path], headers=headers).status_code == 401


def test_the_partner_door_does_not_either(client: TestClient, small_world: World):
    url = "/v1/partner/batches?form=1"
    key = small_world.partners["mx-neec"].key

    assert client.get(url, headers=signature(key, "GET", url)).status_code == 422


def test_a_reason_says_what_is_wanted_and_not_what_came(client: TestClient, small_world: World):
    headers = bearer(token(small_world.house, *Scope))

    answer = client.get("/v1/source/outcomes?limit=Invented", headers=headers)
    times = client.post("/v1/source/heartbeat", json={"as_of": "Invented"}, headers=headers)

    assert "Invented" not in answer.text + times.text
    assert "2014-08-20T12:00:00Z" in times.json()["errors"][0]["reason"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [("abc-1.2_3", True), ("", False), ("x" * 65, False), ("a b", False), ("a\tb", False)],
)
def test_every_answer_names_its_request(client: TestClient, given: str, kept: bool):
    answer = client.get("/health/live", headers={"X-Request-Id": given})

    assert (answer.headers["X-Request-Id"] == given) is kept
    assert 1 <= len(answer.headers["X-Request-Id"]) <= 64
