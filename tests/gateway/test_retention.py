"""Retention as people meet it: the page, the door, the command; and what pages say afterwards."""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from gateway import erasing, retention_page
from gateway.acts import approvals
from gateway.acts import batches as batch_acts
from gateway.acts import retention as acts
from gateway.app import build
from gateway.identity.actor import Actor, at_the_shell
from gateway.identity.roles import Role, rights
from gateway.settings import Settings
from gateway.tokens import Scope
from gateway.views import alarms
from gateway.views import retention as view
from outbox import retention_run
from outbox.house import House
from outbox.retention import RULES
from schemas.errors import BadRequest
from tests.conftest import connected_world
from tests.gateway.acts.entries import entries
from tests.gateway.api.doors import held_by
from tests.gateway.cli.command import Mrx
from tests.gateway.console.people import at_console
from tests.gateway.metrics.told import told
from tests.outbox.long_ago import GONE, PLANT, in_files, run, told_and_left
from tests.world import World

PATH, OPS = "/console/retention", "/v1/ops/retention"
SOFIA = Actor("sofia", rights({Role.SECURITY_OFFICER}))
ANNA = Actor("anna", rights({Role.APPROVER}))


@pytest.fixture(scope="module", autouse=True)
def short_terms() -> Iterator[None]:
    """What the tests' world did at its beginning is over its term by now."""
    with pytest.MonkeyPatch.context() as patch:
        for rule in RULES:
            if not rule.proof:
                patch.setenv(f"MRX_{rule.setting.upper()}", "30")
        yield


def of_long_ago(folder: Path, key_files: dict[str, Path]) -> World:
    return told_and_left(connected_world(folder, key_files, ("mx-neec",)))


@pytest.fixture
def world(tmp_path: Path, key_files: dict[str, Path]) -> Iterator[World]:
    """Everything in it happened long ago."""
    made = of_long_ago(tmp_path, key_files)
    yield made
    made.house.database.close()


@pytest.fixture(scope="module")
def erased(tmp_path_factory: pytest.TempPathFactory, key_files: dict[str, Path]) -> Iterator[World]:
    """The same after a run, at both ends; for tests that only look."""
    made = of_long_ago(tmp_path_factory.mktemp("erased"), key_files)
    for house in (made.house, made.partners["mx-neec"]):
        run(house, now=datetime.now(UTC))
    yield made
    made.house.database.close()


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


def test_metrics_say_what_went_by_rule_and_when(erased: World):
    said = told(erased.house, datetime.now(UTC))

    assert said("mrx_retention_erased_rows_total", rule="batch files") == 2
    assert said("mrx_retention_erased_rows_total", rule="receipt files") == 0
    assert said("mrx_retention_last_run_timestamp_seconds") > 0
    assert said("mrx_retention_on") == 0


# -- what is shown afterwards ----------------------------------------------------------------------


def test_every_page_that_shows_a_batch_says_when_its_file_went(erased: World):
    roles = [Role.OPERATOR, Role.AUDITOR, Role.DISCLOSURE_OFFICER]
    browser = at_console(erased.house, "olga", roles)
    for path in ("/console/batches/1", "/console/batches", "/console/batches/2?notices=all"):
        answer = browser.get(path)
        assert answer.status_code == 200
    assert "file erased" in browser.get("/console/batches/1").text
    told_page = browser.post(
        "/console/told", data={"by": "account", "text": GONE, "why": "company", "line": ""}
    )
    assert told_page.status_code == 200
    assert PLANT not in told_page.text
    mexico = erased.partners["mx-neec"]
    theirs = at_console(mexico, "olga", roles)
    with mexico.database.read() as tx:
        [first, *_] = view_of_inbound(tx)
    answer = theirs.get(f"/console/inbound/us-ctpat/{first}")
    assert answer.status_code == 200
    assert "erased" in answer.text


def view_of_inbound(tx):
    from gateway import inbound_batches

    return [one.id for one in inbound_batches.every(tx, partner="us-ctpat")]


def test_commands_and_doors_say_so_too(erased: World):
    mrx = Mrx(erased.house.folder)
    events = mrx.json("batch", "timeline", "1")["events"]
    assert "file erased" in [one["event"] for one in events]
    assert mrx.json("batch", "show", "1")["issues"][0]["erased_at"]
    assert "MRX-5070" in mrx("batch", "export", "1", "-o", "-", code=1).stderr
    http = TestClient(build(erased.house, Settings(home=erased.house.folder)))
    sees = held_by(erased, Scope.VIEWER)
    [issue] = http.get("/v1/ops/batches/1", headers=sees).json()["issues"]
    assert issue["erased_at"]


def test_the_evidence_file_names_what_went_and_still_proves_it(erased: World):
    olga = Actor("olga", rights({Role.OPERATOR}))
    _, pieces = batch_acts.evidence(erased.house, olga, 1, now=datetime.now(UTC))
    archive = zipfile.ZipFile(io.BytesIO(b"".join(pieces)))

    readme = archive.read("README.txt").decode()
    assert f"erased on {datetime.now(UTC):%Y-%m-%d} under the rule 'batch files'" in readme
    assert [one for one in archive.namelist() if one.startswith("receipts/")]
    assert b'"disclosed"' in archive.read("ledger.ndjson")
    assert b'"receipt"' in archive.read("ledger.ndjson")


def test_the_page_is_quick_and_bounded(erased: World):
    with erased.house.database.read() as tx:
        found = view.retention(
            tx, erased.house, now=datetime.now(UTC) + timedelta(days=999), most=1
        )

    assert found.more
    assert all(one.due.rows <= 1 for one in found.rules)


def test_the_document_is_current_and_names_every_rule():
    page = Path(__file__).resolve().parents[2] / "docs" / "retention.md"

    assert page.read_text() == retention_page.page()
    assert all(f"MRX_{rule.setting.upper()}" in page.read_text() for rule in RULES)


def test_whoever_has_the_shell_begins_a_run_alone_in_a_test_gateway(world: World):
    found = acts.begin(world.house, at_the_shell("me"), reason="a test", now=datetime.now(UTC))

    assert found.by == "me"
