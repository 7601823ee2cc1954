"""Who was told, revocations and exposure, at the operators' door."""

from datetime import UTC, datetime

import orjson
import pytest
from fastapi.testclient import TestClient

from gateway.tokens import Scope
from signing.open import open_sealed
from tests.gateway.api.doors import application, bearer, token
from tests.gateway.console.test_told import entries
from tests.world import ONE, World, member

LOOK = {"by": "account", "text": "10000001", "why": "company"}
ENTER = {"account": "10000001", "partners": ["mx-neec"], "reason": "their letter"}


@pytest.fixture
def world(small_world: World) -> World:
    """Three members, held in Mexico."""
    small_world.clock.now = datetime.now(UTC)
    accounts = ("10000001", "10000002", "10000003")
    small_world.push(*map(member, accounts))
    small_world.grant(*accounts)
    small_world.deliver()
    return small_world


def http(world: World, *scopes: str) -> TestClient:
    client = TestClient(application(world.house))
    client.headers.update(bearer(token(world.house, *map(Scope, scopes))))
    return client


def officer(world: World) -> TestClient:
    return http(world, "disclosure-officer")


def test_who_was_told_is_answered_with_all_that_proves_it(world: World):
    answer = officer(world).post("/v1/ops/told", json=LOOK)

    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert said["found"] == [{"account": "10000001", "name": ONE}]
    [mexico] = [one for one in said["told"]["partners"] if one["partner"] == "mx-neec"]
    assert mexico["stands"] == "held"
    assert entries(world.house, "looked up")[0]["by"].startswith("token ")


def test_where_several_fit_only_their_names_are_answered(world: World):
    look = {"by": "name", "text": "Invented", "why": "other", "line": "a question by telephone"}

    said = officer(world).post("/v1/ops/told", json=look).json()

    assert (len(said["found"]), said["told"]) == (3, None)
    [looked] = entries(world.house, "looked up")
    assert (looked["reason"], looked["line"]) == ("other", "a question by telephone")
    assert looked["accounts"] == ["10000001", "10000002", "10000003"]


def test_a_statement_is_a_signed_file(world: World):
    asked = {"account": "10000001", "why": "company"}

    answer = officer(world).post("/v1/ops/told/statement", json=asked)

    opened = open_sealed(answer.content, [world.house.key.certificate], datetime.now(UTC))
    assert orjson.loads(opened.content)["company"]["account"] == "10000001"


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/told", {**LOOK, "why": "other"}, 422, "MRX-7023"),
        ("/told", {**LOOK, "more": 1}, 422, "MRX-7003"),
        ("/told/statement", {"account": "99999999", "why": "audit"}, 404, "MRX-5002"),
        ("/revocations", {**ENTER, "reason": " "}, 422, "MRX-7003"),
        ("/revocations", {**ENTER, "partners": []}, 422, "MRX-7003"),
        ("/revocations", {**ENTER, "partners": ["fr-aeo"]}, 404, "MRX-5001"),
        ("/revocations", {**ENTER, "account": "99999999"}, 404, "MRX-5002"),
    ],
)
def test_what_cannot_be_is_a_problem_without_company_data(
    world: World, path: str, body: dict[str, object], status: int, code: str
):
    answer = officer(world).post(f"/v1/ops{path}", json=body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "10000001" not in answer.text


def test_revocations_are_listed_page_by_page(world: World):
    for account in ("10000001", "10000002", "10000003"):
        world.revoke(account, of="mx-neec")
    client = officer(world)

    first = client.get("/v1/ops/revocations", params={"limit": 2}).json()
    second = client.get("/v1/ops/revocations", params={"limit": 2, "after": first["next"]}).json()

    ids = [one["id"] for one in (*first["items"], *second["items"])]
    assert (ids, second["next"]) == (["1", "2", "3"], None)
    every = client.get("/v1/ops/revocations", params={"show": "all"}).json()["items"]
    assert [one["id"] for one in every] == ["3", "2", "1"]
    assert client.get("/v1/ops/revocations", params={"show": "overdue"}).json()["items"] == []
    assert client.get("/v1/ops/revocations", params={"partner": "ca-pip"}).json()["items"] == []


def test_a_revocation_is_entered_once_under_a_key(world: World):
    client = officer(world)

    first, again = (
        client.post("/v1/ops/revocations", json=ENTER, headers={"Idempotency-Key": "k"})
        for _ in range(2)
    )

    assert (first.status_code, first.content) == (200, again.content)
    [one] = first.json()["items"]
    assert (one["answer"], one["account"]) == ("withdrawal on its way", "10000001")
    assert client.get(f"/v1/ops/revocations/{one['id']}").json()["id"] == one["id"]
    assert len(entries(world.house, "revoked")) == 1


def test_exposure_is_answered_in_figures_and_signed(world: World):
    world.push(member("10000001", status="SUSPENDED"))
    month = f"{datetime.now(UTC):%Y-%m}"
    client = http(world, "operator")

    said = client.get("/v1/ops/exposure").json()
    signed = client.post(f"/v1/ops/exposure/{month}/signed")

    [mexico] = [one for one in said["partners"] if one["partner"] == "mx-neec"]
    assert (said["month"], mexico["members"], mexico["open"]) == (month, 1, 1)
    opened = open_sealed(signed.content, [world.house.key.certificate], datetime.now(UTC))
    assert orjson.loads(opened.content)["definitions"] == said["definitions"]
    assert client.get("/v1/ops/exposure", params={"month": "2999-01"}).status_code == 422


def test_a_viewer_sees_no_company_and_does_nothing(world: World):
    world.revoke("10000001", of="mx-neec")
    client = http(world, "viewer")

    [one] = client.get("/v1/ops/revocations").json()["items"]
    refused = [
        client.post("/v1/ops/told", json=LOOK),
        client.post("/v1/ops/told/statement", json={"account": "10000001", "why": "audit"}),
        client.post("/v1/ops/revocations", json=ENTER),
        client.post("/v1/ops/exposure/2026-01/signed"),
    ]

    assert one["account"] == "100***01"
    assert [(a.status_code, a.json()["code"]) for a in refused] == [(403, "MRX-7017")] * 4
    assert len(entries(world.house, "act refused")) == 4
