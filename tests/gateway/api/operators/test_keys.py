"""Keys at the operators' door."""

from fastapi.testclient import TestClient

from gateway import own_keys
from gateway.tokens import Scope
from partners import certificates
from tests.gateway.api.doors import held_by
from tests.world import World

OPS = "/v1/ops"
WHY = {"reason": "it is time"}


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
