"""Who was told, at the operators' door."""

from datetime import UTC, datetime

import orjson
import pytest
from fastapi.testclient import TestClient

from signing.open import open_sealed
from tests.gateway.console.test_told import entries
from tests.world import ONE, World

LOOK = {"by": "account", "text": "10000001", "why": "company"}


def test_who_was_told_is_answered_with_all_that_proves_it(officer: TestClient, three_held: World):
    answer = officer.post("/v1/ops/told", json=LOOK)

    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert said["found"] == [{"account": "10000001", "name": ONE}]
    [mexico] = [one for one in said["told"]["partners"] if one["partner"] == "mx-neec"]
    assert mexico["stands"] == "held"
    assert entries(three_held.house, "looked up")[0]["by"].startswith("token ")


def test_where_several_fit_only_their_names_are_answered(officer: TestClient, three_held: World):
    look = {"by": "name", "text": "Invented", "why": "other", "line": "a question by telephone"}

    said = officer.post("/v1/ops/told", json=look).json()

    assert (len(said["found"]), said["told"]) == (3, None)
    [looked] = entries(three_held.house, "looked up")
    assert (looked["reason"], looked["line"]) == ("other", "a question by telephone")
    assert looked["accounts"] == ["10000001", "10000002", "10000003"]


def test_a_statement_is_a_signed_file(officer: TestClient, three_held: World):
    asked = {"account": "10000001", "why": "company"}

    answer = officer.post("/v1/ops/told/statement", json=asked)

    opened = open_sealed(answer.content, [three_held.house.key.certificate], datetime.now(UTC))
    assert orjson.loads(opened.content)["company"]["account"] == "10000001"


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/told", {**LOOK, "why": "other"}, 422, "MRX-7023"),
        ("/told", {**LOOK, "more": 1}, 422, "MRX-7003"),
        ("/told/statement", {"account": "99999999", "why": "audit"}, 404, "MRX-5002"),
    ],
)
def test_a_question_that_cannot_be_is_a_problem_without_company_data(
    officer: TestClient, path: str, body: dict[str, object], status: int, code: str
):
    answer = officer.post(f"/v1/ops{path}", json=body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "10000001" not in answer.text


def test_a_viewer_looks_nobody_up(viewer: TestClient, three_held: World):
    refused = [
        viewer.post("/v1/ops/told", json=LOOK),
        viewer.post("/v1/ops/told/statement", json={"account": "10000001", "why": "audit"}),
    ]

    assert [(a.status_code, a.json()["code"]) for a in refused] == [(403, "MRX-7017")] * 2
    assert len(entries(three_held.house, "act refused")) == 2
