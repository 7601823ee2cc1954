"""What pages, doors, commands and metrics say once files and names have gone."""

import io
import zipfile
from datetime import UTC, datetime, timedelta

from fastapi.testclient import TestClient

from gateway import inbound_batches
from gateway.acts import batches as batch_acts
from gateway.app import build
from gateway.identity.actor import Actor
from gateway.identity.roles import Role, rights
from gateway.settings import Settings
from gateway.tokens import Scope
from gateway.views import retention as view
from tests.gateway.api.doors import held_by
from tests.gateway.cli.command import Mrx
from tests.gateway.console.people import at_console
from tests.gateway.metrics.told import told
from tests.outbox.long_ago import GONE, PLANT
from tests.world import World


def test_metrics_say_what_went_by_rule_and_when(erased: World):
    said = told(erased.house, datetime.now(UTC))

    assert said("mrx_retention_erased_rows_total", rule="batch files") == 2
    assert said("mrx_retention_erased_rows_total", rule="receipt files") == 0
    assert said("mrx_retention_last_run_timestamp_seconds") > 0
    assert said("mrx_retention_on") == 0


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
        [first, *_] = inbound_batches.every(tx, partner="us-ctpat")
    answer = theirs.get(f"/console/inbound/us-ctpat/{first.id}")
    assert answer.status_code == 200
    assert "erased" in answer.text


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
