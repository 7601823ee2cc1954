"""Staged certificates at the operators' door: two persons, or none."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from gateway import staging
from gateway.api.operators.acting import ROLES
from gateway.tokens import Scope
from partners import certificates
from schemas.tables import ledger
from signing import keys
from signing.seal import seal
from tests.gateway.acts.entries import entries
from tests.gateway.api.doors import application, bearer, token
from tests.world import World

LIST = "/v1/ops/certificates"


@pytest.fixture(scope="session")
def wanted(tmp_path_factory: pytest.TempPathFactory) -> list[keys.SigningKey]:
    folder, now = tmp_path_factory.mktemp("wanted"), datetime.now(UTC)
    return [keys.create(folder / f"{n}.key", "mx", now, kind="p256") for n in range(3)]


@pytest.fixture
def staged(small_world: World, wanted: list[keys.SigningKey]) -> list[str]:
    """The fingerprints of three certificates that Mexico asked for."""
    now, key = datetime.now(UTC), small_world.partners["mx-neec"].key
    return [
        staging.stage(small_world.house, seal(one.certificate.der, key, now), now=now)[0]
        for one in wanted
    ]


@pytest.fixture
def client(small_world: World) -> TestClient:
    return TestClient(application(small_world.house))


@pytest.fixture
def ada(small_world: World) -> dict[str, str]:
    return bearer(token(small_world.house, Scope.OPERATE, name="ada"))


@pytest.fixture
def grace(small_world: World) -> dict[str, str]:
    return bearer(token(small_world.house, Scope.OPERATE, name="grace"))


def told(world: World) -> list[tuple[str, dict[str, Any]]]:
    with world.house.database.read() as tx:
        rows = tx.execute(select(ledger.c.kind, ledger.c.entry).order_by(ledger.c.position)).all()
    return [(row.kind, orjson.loads(row.entry)) for row in rows if "certificate" in row.kind]


def test_two_tokens_pin_a_certificate(
    client: TestClient, staged: list[str], ada, grace, small_world: World
):
    first = client.post(f"{LIST}/{staged[0]}/approve", headers=ada)
    again = client.post(f"{LIST}/{staged[0]}/approve", headers=ada)
    second = client.post(f"{LIST}/{staged[0]}/approve", headers=grace)

    assert first.json() == {
        "fingerprint": staged[0],
        "partner": "mx-neec",
        "state": "approved once",
    }
    assert (again.status_code, again.json()["code"]) == (403, "MRX-7014")
    assert (second.status_code, second.json()["state"]) == (200, "pinned")
    with small_world.house.database.read() as tx:
        assert certificates.owner(tx, staged[0]) == "mx-neec"
    kinds = [kind for kind, entry in told(small_world) if entry["certificate"] == staged[0]]
    assert kinds == ["certificate staged", "certificate approved", "certificate approved"]
    third = client.post(f"{LIST}/{staged[0]}/approve", headers=ada)
    assert (third.status_code, third.json()["code"]) == (404, "MRX-5015")


def test_what_the_new_key_signs_is_believed_once_it_is_pinned(
    client: TestClient, staged: list[str], wanted, ada, grace
):
    file = seal(b"anything", wanted[0], datetime.now(UTC))
    before = client.post("/v1/partner/echo", content=file).status_code
    for headers in (ada, grace):
        client.post(f"{LIST}/{staged[0]}/approve", headers=headers)

    assert (before, client.post("/v1/partner/echo", content=file).status_code) == (403, 200)


def test_one_person_rejects_it_with_a_reason(
    client: TestClient, staged: list[str], ada, grace, small_world: World
):
    client.post(f"{LIST}/{staged[0]}/approve", headers=ada)

    answer = client.post(
        f"{LIST}/{staged[0]}/reject", headers=grace, json={"reason": "they did not ask for it"}
    )

    assert (answer.status_code, answer.json()["state"]) == (200, "rejected")
    kind, entry = told(small_world)[-1]
    assert (kind, entry["reason"]) == ("certificate rejected", "they did not ask for it")
    later = client.post(f"{LIST}/{staged[0]}/approve", headers=grace)
    assert (later.status_code, later.json()["code"]) == (404, "MRX-5015")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"reason": ""},
        {"reason": " "},
        {"reason": "two\nlines"},
        {"reason": "x" * 501},
        {"reason": 1},
        {"reason": "fine", "more": 1},
    ],
)
def test_a_rejection_says_why_in_one_line(client: TestClient, staged: list[str], ada, body):
    answer = client.post(f"{LIST}/{staged[0]}/reject", headers=ada, json=body)

    assert (answer.status_code, answer.json()["code"]) == (422, "MRX-7003")
    assert len(client.get(LIST, headers=ada).json()["items"]) == 3


def test_they_are_listed_in_pages(client: TestClient, staged: list[str], ada):
    first = client.get(LIST, headers=ada, params={"limit": 2})
    rest = client.get(LIST, headers=ada, params={"limit": 2, "after": first.json()["next"]})

    items = first.json()["items"] + rest.json()["items"]
    assert [one["fingerprint"] for one in items] == sorted(staged)
    assert first.headers["link"].endswith('rel="next"')
    assert (rest.json()["next"], "link" in rest.headers) == (None, False)
    assert {one["state"] for one in items} == {"staged"}


@pytest.mark.parametrize("fingerprint", ["a" * 64, "0" * 64])
def test_what_does_not_wait_cannot_be_decided(client: TestClient, ada, fingerprint: str):
    for answer in (
        client.post(f"{LIST}/{fingerprint}/approve", headers=ada),
        client.post(f"{LIST}/{fingerprint}/reject", headers=ada, json={"reason": "no"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "MRX-5015")


@pytest.mark.parametrize("scope", Scope)
def test_only_approvers_and_security_officers_decide_and_other_doors_scopes_see_nothing(
    client: TestClient, staged: list[str], small_world: World, scope: Scope
):
    headers = bearer(token(small_world.house, scope))

    looked = client.get(LIST, headers=headers)
    rejected = client.post(f"{LIST}/{staged[0]}/reject", headers=headers, json={"reason": "no"})
    approved = client.post(f"{LIST}/{staged[1]}/approve", headers=headers)

    assert looked.status_code == (200 if scope in ROLES else 403)
    may = scope in {Scope.OPERATE, Scope.APPROVER, Scope.SECURITY_OFFICER}
    code = "MRX-7017" if scope in ROLES else "MRX-7002"
    for answer in (rejected, approved):
        assert answer.status_code == (200 if may else 403)
        assert may or answer.json()["code"] == code
    refusals = entries(small_world.house, "act refused")
    assert len(refusals) == (2 if scope in ROLES and not may else 0)
