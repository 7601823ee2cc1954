"""The page System, its file, and the same at the operators' door."""

import pytest
from fastapi.testclient import TestClient

from gateway.identity.roles import Role
from gateway.tokens import Scope
from tests.gateway.api.doors import bearer, token
from tests.gateway.console.people import at_console, nobody
from tests.gateway.console.test_batches import text_of
from tests.world import World

PAGE, DOOR = "/console/system", "/v1/ops/system"


@pytest.fixture
def vera(small_world: World) -> TestClient:
    small_world.house.folder.chmod(0o700)
    return at_console(small_world.house, "vera", {Role.VIEWER})


def test_everybody_who_sees_anything_sees_whether_it_works(vera: TestClient):
    shown = text_of(vera.get(PAGE))

    assert "something is wrong" in shown  # nobody has told it of consents for months
    assert "MRX-2207" in shown
    for line in ("certificate", "disk", "schema", "workers", "ledger", "clock"):
        assert line in shown
    assert 'aria-current="page">System' in vera.get(PAGE).text


def test_the_diagnostics_are_a_file(vera: TestClient):
    file = vera.get(f"{PAGE}/diagnostics")

    assert file.headers["content-type"] == "application/json"
    assert 'filename="diagnostics-' in file.headers["content-disposition"]
    assert file.json()["document"] == "mrx-diagnostics/1"
    assert any(one["step"] == "schema" for one in file.json()["findings"])


def test_the_door_says_the_same(small_world: World, vera: TestClient):
    door = nobody(small_world.house)
    headers = bearer(token(small_world.house, Scope.VIEWER))

    told = door.get(DOOR, headers=headers)

    assert told.status_code == 200, told.text
    assert told.json()["well"] is False
    lines = {one["name"]: one for one in told.json()["lines"]}
    assert (lines["disk"]["result"], lines["feeds"]["result"]) == ("ok", "failed")
    assert told.json()["program"]["schema"]
    file = door.get(f"{DOOR}/diagnostics", headers=headers).json()
    assert file["settings"] == vera.get(f"{PAGE}/diagnostics").json()["settings"]


def test_nobody_sees_it_who_is_nobody(small_world: World):
    assert nobody(small_world.house).get(PAGE).status_code == 303
    assert nobody(small_world.house).get(DOOR).status_code == 401
