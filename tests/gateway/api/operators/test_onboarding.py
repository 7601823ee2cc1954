"""Onboarding at the operators' door."""

from fastapi.testclient import TestClient

from gateway.tokens import Scope
from gateway.views.onboarding import BY_HAND
from partners import agreements
from tests.gateway.api.doors import held_by
from tests.world import World

OPS = "/v1/ops"
WHY = {"reason": "it is time"}


def test_a_partner_s_list_is_ticked_and_it_goes_live(http: TestClient, small_world: World):
    emil = held_by(small_world, Scope.PARTNER_ENGINEER)
    anna = held_by(small_world, Scope.APPROVER)
    with small_world.house.database.write() as tx:
        agreements.change(tx, "mx-neec", enabled=False, push_url=None)  # they fetch
    path = f"{OPS}/onboarding/mx-neec"
    early = http.post(f"{path}/go-live", headers=emil, json=WHY)
    assert (early.status_code, early.json()["code"]) == (409, "MRX-7015")
    for step in BY_HAND:
        said = http.post(f"{path}/steps/{step}/tick", headers=emil, json={"reason": "a letter"})
        assert said.status_code == 200, said.text
    report = http.post(f"{OPS}/partners/mx-neec/conformance", headers=emil)
    assert report.json()["well"] is True, report.text
    reopened = http.post(f"{path}/steps/contacts/reopen", headers=emil, json=WHY).json()
    assert reopened["open_before"] == ["contacts"]
    http.post(f"{path}/steps/contacts/tick", headers=emil, json={"reason": "a letter"})

    asked = http.post(f"{path}/go-live", headers=emil, json=WHY)
    assert asked.status_code == 202
    http.post(f"{OPS}/approvals/{asked.json()['id']}/approve", headers=anna, json=WHY)

    found = http.get(f"{OPS}/onboarding", headers=anna).json()["items"]
    assert {one["partner"]: one["live"] for one in found}["mx-neec"] is True
