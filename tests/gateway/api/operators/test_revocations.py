"""Revocations at the operators' door."""

import pytest
from fastapi.testclient import TestClient

from tests.gateway.console.test_told import entries
from tests.world import World

ENTER = {"account": "10000001", "partners": ["mx-neec"], "reason": "their letter"}


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/revocations", {**ENTER, "reason": " "}, 422, "MRX-7003"),
        ("/revocations", {**ENTER, "partners": []}, 422, "MRX-7003"),
        ("/revocations", {**ENTER, "partners": ["fr-aeo"]}, 404, "MRX-5001"),
        ("/revocations", {**ENTER, "account": "99999999"}, 404, "MRX-5002"),
    ],
)
def test_a_revocation_that_cannot_be_is_a_problem_without_company_data(
    officer: TestClient, path: str, body: dict[str, object], status: int, code: str
):
    answer = officer.post(f"/v1/ops{path}", json=body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "10000001" not in answer.text


def test_revocations_are_listed_page_by_page(officer: TestClient, three_held: World):
    for account in ("10000001", "10000002", "10000003"):
        three_held.revoke(account, of="mx-neec")
    first = officer.get("/v1/ops/revocations", params={"limit": 2}).json()
    second = officer.get("/v1/ops/revocations", params={"limit": 2, "after": first["next"]}).json()

    ids = [one["id"] for one in (*first["items"], *second["items"])]
    assert (ids, second["next"]) == (["1", "2", "3"], None)
    every = officer.get("/v1/ops/revocations", params={"show": "all"}).json()["items"]
    assert [one["id"] for one in every] == ["3", "2", "1"]
    assert officer.get("/v1/ops/revocations", params={"show": "overdue"}).json()["items"] == []
    assert officer.get("/v1/ops/revocations", params={"partner": "ca-pip"}).json()["items"] == []


def test_a_revocation_is_entered_once_under_a_key(officer: TestClient, three_held: World):
    first, again = (
        officer.post("/v1/ops/revocations", json=ENTER, headers={"Idempotency-Key": "k"})
        for _ in range(2)
    )

    assert (first.status_code, first.content) == (200, again.content)
    [one] = first.json()["items"]
    assert (one["answer"], one["account"]) == ("withdrawal on its way", "10000001")
    assert officer.get(f"/v1/ops/revocations/{one['id']}").json()["id"] == one["id"]
    assert len(entries(three_held.house, "revoked")) == 1


def test_a_viewer_sees_no_account_of_a_revocation_and_enters_none(
    viewer: TestClient, three_held: World
):
    three_held.revoke("10000001", of="mx-neec")
    [one] = viewer.get("/v1/ops/revocations").json()["items"]
    refused = viewer.post("/v1/ops/revocations", json=ENTER)

    assert one["account"] == "100***01"
    assert (refused.status_code, refused.json()["code"]) == (403, "MRX-7017")
    assert len(entries(three_held.house, "act refused")) == 1
