"""Pushes at the operators' door."""

import pytest
from fastapi.testclient import TestClient

from gateway.tokens import Scope
from tests.gateway.acts.entries import entries
from tests.gateway.api.doors import held_by
from tests.gateway.api.source.push_calls import AS_OF, Caller, lines
from tests.world import World, member

OPS = "/v1/ops"
WHY = {"reason": "it is time"}


@pytest.fixture
def waiting(http: TestClient, small_world: World) -> str:
    """A full list of five where thirty are known, and one wrong line."""
    known = [member(str(10_000_000 + n)) for n in range(30)]
    small_world.push(*known)
    pusher = Caller(http, small_world.house, (Scope.PUSH, Scope.APPROVER))
    http.headers.update({"X-Pusher": pusher.headers["Authorization"]})
    body = lines(*known[:5], member("10000031", status="NO SUCH WORD"))
    answer = pusher.push(body, mode="snapshot", as_of=AS_OF)
    return str(answer.json()["push"]["id"])


def test_a_push_is_seen_and_released_by_another(http: TestClient, small_world: World, waiting: str):
    anna, path = held_by(small_world, Scope.APPROVER), f"{OPS}/pushes/{waiting}"
    shown = http.get(path, headers=anna).json()
    assert (shown["state"], shown["going"]) == ("waiting", 25)
    assert [one["lines"] for one in shown["rejected"]] == [1]
    assert "mx-neec" in shown["plan"]
    listed = http.get(f"{OPS}/pushes?state=waiting", headers=anna).json()["items"]
    assert [one["id"] for one in listed] == [waiting]

    own = {"Authorization": http.headers["X-Pusher"]}
    mine = http.post(f"{path}/release", headers=own, json=WHY | {"gone": 25})
    assert (mine.status_code, mine.json()["code"]) == (403, "MRX-7014")
    wrong = http.post(f"{path}/release", headers=anna, json=WHY | {"gone": 24})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "MRX-7024")
    done = http.post(f"{path}/release", headers=anna, json=WHY | {"gone": 25})

    assert (done.status_code, done.json()["state"]) == (200, "done"), done.text
    assert done.json()["counts"]["withdrawn"] == 25
    [entry] = entries(small_world.house, "push released")
    assert entry["by"].startswith("token ")
    assert entry["reason"] == WHY["reason"]


def test_a_push_is_refused(http: TestClient, small_world: World, waiting: str):
    anna = held_by(small_world, Scope.APPROVER)

    answer = http.post(f"{OPS}/pushes/{waiting}/refuse", headers=anna, json=WHY)

    assert (answer.status_code, answer.json()["state"]) == (200, "discarded")


def test_rejected_lines_have_accounts_for_those_who_may_see_companies(
    http: TestClient, small_world: World, waiting: str
):
    path = f"{OPS}/pushes/{waiting}/rejections"

    def accounts(scope: Scope) -> list[str | None]:
        items = http.get(path, headers=held_by(small_world, scope)).json()["items"]
        return [one["account"] for one in items]

    assert accounts(Scope.VIEWER) == [None]
    assert accounts(Scope.AUDITOR) == ["10000031"]
