"""Who acts at the operators' door: tokens, and the rights of their roles."""

import pytest
from fastapi.testclient import TestClient

from gateway.identity.roles import RIGHTS, Right, Role
from gateway.tokens import Scope
from tests.gateway.api.doors import held_by, operations
from tests.world import World

OPS = "/v1/ops"
WHY = {"reason": "it is time"}


@pytest.mark.slow
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
