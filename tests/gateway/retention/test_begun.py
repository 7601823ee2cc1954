"""How erasing begins: at the page and the door by two persons, by the command, by itself once a day."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from gateway import erasing, retention_page
from gateway.acts import approvals
from gateway.acts import retention as acts
from gateway.app import build
from gateway.identity.actor import Actor, at_the_shell
from gateway.identity.roles import Role, rights
from gateway.settings import Settings
from gateway.tokens import Scope
from gateway.views import alarms
from outbox import retention_run
from outbox.house import House
from outbox.retention import RULES
from schemas.errors import BadRequest
from tests.gateway.acts.entries import entries
from tests.gateway.api.doors import held_by
from tests.gateway.cli.command import Mrx
from tests.gateway.console.people import at_console
from tests.outbox.long_ago import PLANT, in_files, run
from tests.world import World

PATH, OPS = "/console/retention", "/v1/ops/retention"
SOFIA = Actor("sofia", rights({Role.SECURITY_OFFICER}))
ANNA = Actor("anna", rights({Role.APPROVER}))


def daily(house: House, *, on: bool = True) -> House:
    return replace(
        house, terms=replace(house.terms, retention=replace(house.terms.retention, daily=on))
    )


def worked(house: House) -> None:
    while retention_run.go_on(house, now=datetime.now(UTC)):
        pass


# -- two persons -----------------------------------------------------------------------------------


def test_at_the_console_one_asks_another_one_decides_and_the_gateway_erases(world: World):
    sofia = at_console(world.house, "sofia", {Role.SECURITY_OFFICER})
    anna = at_console(world.house, "anna", {Role.APPROVER})
    vera = at_console(world.house, "vera", {Role.VIEWER})
    page = vera.get(PATH)
    assert page.status_code == 200
    assert "the sealed files of our batches" in page.text
    assert "Erase it now" not in page.text
    assert vera.get(f"{PATH}/erase").status_code == 403
    assert "batch files: 2" in sofia.get(f"{PATH}/erase").text

    asked = sofia.post(f"{PATH}/erase", data={"reason": "the yearly clearing"})
    where = asked.headers["location"].partition("?")[0]
    assert erasing.go_on(world.house, now=datetime.now(UTC)) is False, "nobody has said yes"
    assert "waits for a second person" in vera.get(PATH).text
    assert anna.post(f"{where}/approve", data={"reason": "yes"}).status_code == 303

    assert "is on its way" in vera.get(PATH).text
    worked(world.house)
    text = vera.get(PATH).text
    assert "sofia, anna" in text
    assert in_files(world.house, PLANT) == []
    [begun] = entries(world.house, "retention begun")
    assert begun["reason"] == "the yearly clearing"


def decide(world: World) -> None:
    with world.house.database.read() as tx:
        asked = approvals.waiting(tx, acts.ACT)
    assert asked is not None
    now = datetime.now(UTC)
    approvals.decide(world.house, ANNA, asked.id, approve=True, reason="yes", now=now)


def test_the_door_says_the_same_and_asks_for_two(world: World):
    http = TestClient(build(world.house, Settings(home=world.house.folder)))
    sofia, anna = held_by(world, Scope.SECURITY_OFFICER), held_by(world, Scope.APPROVER)
    shown = http.get(OPS, headers=anna).json()
    due = {one["name"]: one["rows"] for one in shown["rules"]}
    assert due == {
        "batch files": 2,
        "receipt files": 0,
        "inbound files": 0,
        "told numbers": 1,
        "former members": 1,
        "consents": 0,
        "pushes": 0,
    }
    assert http.post(OPS, headers=anna, json={"reason": "x"}).json()["code"] == "MRX-7017"

    asked = http.post(OPS, headers=sofia, json={"reason": "the yearly clearing"})

    assert asked.status_code == 202
    assert http.post(OPS, headers=sofia, json={"reason": "x"}).json()["code"] == "MRX-7022"
    path = f"/v1/ops/approvals/{asked.json()['id']}/approve"
    assert http.post(path, headers=anna, json={"reason": "yes"}).status_code == 200
    assert http.get(OPS, headers=anna).json()["running"]["state"] == "running"
    assert http.post(OPS, headers=sofia, json={"reason": "x"}).json()["code"] == "MRX-7015"
    worked(world.house)
    last = http.get(OPS, headers=anna).json()["last"]
    assert {one["rule"]: one["rows"] for one in last["erased"]} == {
        "batch files": 2,
        "told numbers": 1,
        "former members": 1,
    }


def test_whoever_may_not_is_refused_and_kept(world: World):
    vera = Actor("vera", rights({Role.VIEWER}))

    with pytest.raises(BadRequest, match="MRX-7017"):
        acts.begin(world.house, vera, reason="x", now=datetime.now(UTC))

    assert [one["act"] for one in entries(world.house, "act refused")] == [acts.ACT]


# -- the command -----------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_command_shows_first_and_erases_when_it_is_told_to(world: World):
    mrx = Mrx(world.house.folder)
    shown = mrx.json("retention", "show")
    tried = mrx.json("retention", "apply", "--dry-run")
    assert [one["rows"] for one in shown["rules"]] == [one["rows"] for one in tried["rules"]]
    assert (shown["rules"][0]["rows"], shown["running"], shown["last"]) == (2, None, None)
    assert in_files(world.house, PLANT) != []
    assert "--reason" in mrx("retention", "apply", code=2).stderr

    done = mrx.json("retention", "apply", "--reason", "the yearly clearing")

    assert (done["state"], done["rows"]) == ("done", 4)
    assert in_files(world.house, PLANT) == []
    assert mrx.json("retention", "show")["last"]["run"] == done["run"]
    assert mrx.json("ledger", "verify")["broken_at"] is None
    assert mrx.json("retention", "rewrite")["rewritten"]


def test_in_production_the_command_asks_and_after_the_yes_goes_on(world: World):
    mrx = Mrx(world.house.folder)
    why = ("--reason", "the yearly clearing")
    asked = mrx.json("retention", "apply", *why, code=6, MRX_ENVIRONMENT="production")
    assert asked["state"] == "waiting"
    decide(world)

    done = mrx.json("retention", "apply", MRX_ENVIRONMENT="production")

    assert (done["state"], done["rows"]) == ("done", 4)
    assert done["by"].endswith(", anna")


def test_a_term_of_proof_below_five_years_stops_every_command(world: World):
    wrong = {"MRX_RETENTION_RECEIPT_FILES_YEARS": "4"}

    assert "MRX_RETENTION_RECEIPT_FILES_YEARS" in (
        Mrx(world.house.folder)("retention", "show", code=1, **wrong).stderr
    )


# -- by itself -------------------------------------------------------------------------------------


def test_it_runs_by_itself_once_a_day_where_it_is_switched_on(world: World):
    now = datetime.now(UTC)
    assert not erasing.go_on(daily(world.house, on=False), now=now)
    house = daily(world.house)

    rounds = 0
    while erasing.go_on(house, now=now):
        rounds += 1
        assert rounds < 30
    later = now + timedelta(hours=23)
    assert not erasing.go_on(house, now=later)
    assert erasing.go_on(house, now=now + timedelta(hours=24))

    assert [one["by"] for one in entries(house, "retention begun")] == ["the gateway"] * 2
    assert in_files(house, PLANT) == []


def test_it_is_an_alarm_when_it_is_on_and_nothing_was_erased_for_days(world: World):
    house, now = daily(world.house), datetime.now(UTC) + timedelta(days=4)

    def kinds(house: House, now: datetime) -> set[str]:
        with house.database.read() as tx:
            return {one.kind for one in alarms.every(tx, house, (), now=now)}

    assert "retention overdue" in kinds(house, now)
    assert "retention overdue" not in kinds(daily(house, on=False), now)
    run(house, now=now)
    assert "retention overdue" not in kinds(house, now)


def test_the_document_is_current_and_names_every_rule():
    page = Path(__file__).resolve().parents[3] / "docs" / "retention.md"

    assert page.read_text() == retention_page.page()
    assert all(f"MRX_{rule.setting.upper()}" in page.read_text() for rule in RULES)


def test_whoever_has_the_shell_begins_a_run_alone_in_a_test_gateway(world: World):
    found = acts.begin(world.house, at_the_shell("me"), reason="a test", now=datetime.now(UTC))

    assert found.by == "me"
