"""Keys, pushes, the ledger and onboarding at the operators' door: the console's twins."""

import hashlib
from datetime import UTC, datetime

import orjson
import pytest
from fastapi.testclient import TestClient

from gateway import own_keys
from gateway.identity.roles import RIGHTS, Right, Role
from gateway.tokens import Scope
from gateway.views.onboarding import BY_HAND
from partners import agreements, certificates
from schemas.tables import connection_tests
from tests.gateway.acts.entries import entries
from tests.gateway.api.doors import application, bearer, operations, token
from tests.gateway.api.source.push_calls import AS_OF, Caller, lines
from tests.world import World, member

OPS = "/v1/ops"
WHY = {"reason": "it is time"}


@pytest.fixture
def http(small_world: World) -> TestClient:
    return TestClient(application(small_world.house))


def held_by(world: World, scope: Scope) -> dict[str, str]:
    return bearer(token(world.house, scope))


@pytest.mark.parametrize("role", Role)
def test_a_token_has_the_rights_of_the_role_it_is_named_after(
    http: TestClient, small_world: World, role: Role
):
    headers = held_by(small_world, Scope(role.value))
    asked = {
        Right.SEE: ("GET", "/approvals"),
        Right.SECURE: ("POST", "/keys/stage"),
        Right.AUDIT: ("GET", "/ledger/export"),
        Right.ENGINEER: ("POST", "/onboarding/mx-neec/go-live"),
        Right.APPROVE: ("POST", f"/approvals/{'0' * 12}/approve"),
    }

    for right, (method, path) in asked.items():
        body = {"json": WHY} if method == "POST" else {}
        answer = http.request(method, f"{OPS}{path}", headers=headers, **body)
        refused = answer.status_code == 403 and answer.json()["code"] == "MRX-7017"
        assert refused == (right not in RIGHTS[role]), (right, answer.text)


def test_the_description_names_every_scope_that_is_enough_alone():
    [one] = [op for op in operations("operators") if str(op) == "operators POST /keys/activate"]

    assert one.told["security"] == [{"token": ["security-officer"]}, {"token": ["operate"]}]


def test_a_key_is_staged_asked_for_and_activated_by_another(http: TestClient, small_world: World):
    sofia = held_by(small_world, Scope.SECURITY_OFFICER)
    anna = held_by(small_world, Scope.APPROVER)
    staged = http.post(f"{OPS}/keys/stage", headers=sofia).json()
    early = http.post(f"{OPS}/keys/activate", headers=sofia, json=WHY)
    assert (early.status_code, early.json()["code"]) == (404, "MRX-5030")

    asked = http.post(f"{OPS}/keys/activate", headers=sofia, json=WHY | {"although_unseen": True})
    assert asked.status_code == 202
    assert http.get(f"{OPS}/keys", headers=anna).json()["asked"] == asked.json()
    path = f"{OPS}/approvals/{asked.json()['id']}/approve"
    assert http.post(path, headers=sofia, json=WHY).json()["code"] == "MRX-7017"
    done = http.post(path, headers=anna, json=WHY)

    assert (done.status_code, done.json()["state"]) == (200, "approved")
    found = http.get(f"{OPS}/keys", headers=anna).json()
    assert {one["state"]: one["fingerprint"] for one in found["ours"]}["current"] == (
        staged["fingerprint"]
    )
    assert found["restart"] is True
    listed = http.get(f"{OPS}/approvals", headers=anna).json()["items"]
    assert [one["id"] for one in listed] == [asked.json()["id"]]


def test_a_next_key_is_retired(http: TestClient, small_world: World):
    sofia = held_by(small_world, Scope.SECURITY_OFFICER)
    http.post(f"{OPS}/keys/stage", headers=sofia)

    assert http.post(f"{OPS}/keys/retire", headers=sofia, json=WHY).status_code == 200

    with small_world.house.database.read() as tx:
        assert [one.state for one in own_keys.every(tx)] == ["current", "retired"]


def test_a_pinned_certificate_is_withdrawn_by_its_beginning(http: TestClient, small_world: World):
    sofia = held_by(small_world, Scope.SECURITY_OFFICER)
    pinned = small_world.partners["mx-neec"].key.certificate.fingerprint
    path = f"{OPS}/partners/mx-neec/certificates/{pinned}/withdraw"

    wrong = http.post(path, headers=sofia, json=WHY | {"typed": "00000000"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "MRX-7024")
    assert http.post(path, headers=sofia, json=WHY | {"typed": pinned[:8]}).status_code == 204

    with small_world.house.database.read() as tx:
        assert certificates.pinned(tx, "mx-neec") == []


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


def test_the_ledger_is_read_walked_and_taken_out(http: TestClient, small_world: World):
    small_world.push(member("10000001"))
    small_world.grant("10000001")
    small_world.deliver()
    udo, vera = held_by(small_world, Scope.AUDITOR), held_by(small_world, Scope.VIEWER)

    first = http.get(f"{OPS}/ledger?limit=1", headers=udo).json()
    second = http.get(f"{OPS}/ledger?limit=1&after={first['next']}", headers=udo).json()
    assert first["items"][0]["position"] == second["items"][0]["position"] + 1
    whole = http.get(f"{OPS}/ledger?partner=mx-neec", headers=udo).json()["items"]
    part = http.get(f"{OPS}/ledger?partner=mx-neec", headers=vera).json()["items"]
    assert "10000001" in orjson.dumps(whole).decode()
    assert "10000001" not in orjson.dumps(part).decode()
    entry = whole[-1]
    one = http.get(f"{OPS}/ledger/entries/{entry['position']}", headers=udo).json()
    assert one == entry
    assert [one["digest"] for one in part] == [None] * len(whole)
    assert http.post(f"{OPS}/ledger/verify", headers=vera, json={}).status_code == 403
    walked = http.post(f"{OPS}/ledger/verify", headers=udo, json={}).json()
    standing = http.get(f"{OPS}/ledger/standing", headers=vera).json()
    assert (standing["verified_to"], standing["broken_at"]) == (walked["to"], None)
    taken = http.get(f"{OPS}/ledger/export?first=1&last=2", headers=udo).content
    rows = [orjson.loads(line) for line in taken.splitlines()]
    made_of = [rows[1][name] for name in ("previous", "position", "at", "kind")]
    made_of += [rows[1][name] for name in ("partner", "subject", "entry")]
    assert rows[1]["digest"] == hashlib.sha256(orjson.dumps(made_of)).hexdigest()
    assert http.get(f"{OPS}/ledger/export", headers=vera).json()["code"] == "MRX-7017"


def test_a_partner_s_list_is_ticked_and_it_goes_live(http: TestClient, small_world: World):
    emil = held_by(small_world, Scope.PARTNER_ENGINEER)
    anna = held_by(small_world, Scope.APPROVER)
    with small_world.house.database.write() as tx:
        agreements.change(tx, "mx-neec", enabled=False)
        row = {"partner": "mx-neec", "at": datetime.now(UTC), "by": "olga", "findings": []}
        tx.execute(connection_tests.insert().values(row))
    path = f"{OPS}/onboarding/mx-neec"
    early = http.post(f"{path}/go-live", headers=emil, json=WHY)
    assert (early.status_code, early.json()["code"]) == (409, "MRX-7015")
    for step in BY_HAND:
        said = http.post(f"{path}/steps/{step}/tick", headers=emil, json={"reason": "a letter"})
        assert said.status_code == 200, said.text
    reopened = http.post(f"{path}/steps/contacts/reopen", headers=emil, json=WHY).json()
    assert reopened["open_before"] == ["contacts"]
    http.post(f"{path}/steps/contacts/tick", headers=emil, json={"reason": "a letter"})

    asked = http.post(f"{path}/go-live", headers=emil, json=WHY)
    assert asked.status_code == 202
    http.post(f"{OPS}/approvals/{asked.json()['id']}/approve", headers=anna, json=WHY)

    found = http.get(f"{OPS}/onboarding", headers=anna).json()["items"]
    assert {one["partner"]: one["live"] for one in found}["mx-neec"] is True
