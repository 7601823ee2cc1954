"""Users at the operators' door: for tokens with the scope admin, and no other."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from gateway.api.operators.acting import ROLES
from gateway.identity import users
from gateway.tokens import Scope
from outbox.house import House
from tests import world
from tests.gateway.acts.entries import entries
from tests.gateway.api.doors import application, bearer, token
from tests.gateway.console.people import nobody

LIST = "/v1/ops/users"
WHY = {"reason": "as the tests ask"}
ACTS = ["", "/vera/roles", "/vera/disable", "/vera/enable", "/vera/reset"]
FORMS = {"": {"name": "friend", "roles": ["admin"]}, "/vera/roles": WHY | {"roles": ["admin"]}}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, key_files: dict[str, Path]) -> Iterator[House]:
    made, _ = world.connected(tmp_path_factory.mktemp("people"), key_files, (), server=None)
    yield made
    made.database.close()


@pytest.fixture(scope="module")
def client(house: House) -> TestClient:
    return TestClient(application(house))


@pytest.fixture(scope="module")
def admin(house: House) -> dict[str, str]:
    return bearer(token(house, Scope.ADMIN))


def test_a_user_is_made_changed_reset_disabled_and_enabled(
    house: House, client: TestClient, admin: dict[str, str]
):
    form = {"name": "maria", "roles": ["viewer", "operator"]}
    made = client.post(LIST, json=form, headers=admin)
    assert (made.status_code, made.headers["cache-control"]) == (201, "no-store")
    assert made.json()["user"]["roles"] == ["operator", "viewer"]
    assert enters(house, made.json()["password"])

    roles = client.post(f"{LIST}/maria/roles", json=WHY | {"roles": ["auditor"]}, headers=admin)
    assert roles.json()["roles"] == ["auditor"]
    reset = client.post(f"{LIST}/maria/reset", json=WHY, headers=admin)
    assert not enters(house, made.json()["password"])
    assert enters(house, reset.json()["password"])
    disabled = client.post(f"{LIST}/maria/disable", json=WHY, headers=admin)
    assert disabled.json()["state"] == "disabled"
    assert not enters(house, reset.json()["password"])
    client.post(f"{LIST}/maria/enable", json=WHY, headers=admin)
    assert enters(house, reset.json()["password"])

    shown = client.get(f"{LIST}/maria", headers=admin)
    assert shown.json() in client.get(LIST, headers=admin).json()["items"]
    assert "password" not in shown.json()
    by = shown.json()["created_by"]
    assert by.startswith("token ")
    for kind in ("roles changed", "password reset", "user disabled", "user enabled"):
        assert [(entry["by"], entry["reason"]) for entry in entries(house, kind)] == [
            (by, WHY["reason"])
        ]


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("scope", sorted(set(ROLES) - {Scope.ADMIN}))
def test_no_other_token_does_any_of_it(house: House, client: TestClient, scope: Scope, act: str):
    before = len(entries(house, "act refused"))

    answer = client.post(LIST + act, json=FORMS.get(act, WHY), headers=bearer(token(house, scope)))

    assert (answer.status_code, answer.json()["code"]) == (403, "MRX-7017")
    assert len(entries(house, "act refused")) == before + 1


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"name": "nobody", "roles": []}, "MRX-7003"),
        ({"name": "nobody", "roles": ["emperor"]}, "MRX-7003"),
        ({"name": "A b", "roles": ["viewer"]}, "MRX-7003"),
        ({"name": "nobody", "roles": ["viewer"], "subject": "7"}, "MRX-7003"),
        ({"name": "nobody", "roles": ["viewer"], "issuer": "https://login.example"}, "MRX-7003"),
        ({"name": "nobody", "roles": ["viewer"], "password": "of my own"}, "MRX-7003"),
    ],
)
def test_what_is_no_user_is_refused(
    house: House,
    client: TestClient,
    admin: dict[str, str],
    form: dict[str, object],
    code: str,
):
    answer = client.post(LIST, json=form, headers=admin)

    assert (answer.status_code, answer.json()["code"]) == (422, code)
    with house.database.read() as tx:
        assert "nobody" not in {user.name for user in users.every(tx)}


def test_an_act_needs_a_reason_and_a_user(client: TestClient, admin: dict[str, str]):
    assert client.post(f"{LIST}/maria/disable", json={}, headers=admin).status_code == 422
    assert client.post(f"{LIST}/nobody/disable", json=WHY, headers=admin).status_code == 404
    assert client.get(f"{LIST}/nobody", headers=admin).status_code == 404


def enters(house: House, password: str) -> bool:
    form = {"name": "maria", "password": password}
    return nobody(house).post("/console/login", data=form).status_code == 303
