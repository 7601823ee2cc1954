"""Who was told? Looked up with a reason that the ledger has first; printed, and signed."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from gateway.identity.roles import Role
from outbox.house import House
from schemas.tables import ledger
from signing.open import open_sealed
from tests.gateway.console.people import at_console
from tests.tools import tool
from tests.world import ONE, TWO, World, member

OFFICER = {Role.DISCLOSURE_OFFICER}
LOOK = {"by": "account", "text": "10000001", "why": "company"}


@pytest.fixture
def world(small_world: World) -> World:
    """Two members: one held in Mexico, one whose consent was never given."""
    small_world.clock.now = datetime.now(UTC)
    small_world.push(
        member("10000001", identifiers=[{"scheme": "SCAC", "value": "QXQA"}]),
        member("10000002", identifiers=[{"scheme": "SCAC", "value": "QXQB"}]),
    )
    small_world.grant("10000001")
    small_world.deliver()
    return small_world


@pytest.fixture
def officer(world: World) -> TestClient:
    return at_console(world.house, "olga", OFFICER)


def entries(house: House, kind: str) -> list[dict[str, Any]]:
    with house.database.read() as tx:
        query = select(ledger.c.entry, ledger.c.subject).where(ledger.c.kind == kind)
        rows = tx.execute(query.order_by(ledger.c.position))
        return [{**orjson.loads(row.entry), "subject": row.subject} for row in rows]


def test_the_page_asks_first(officer: TestClient):
    answer = officer.get("/console/told")

    assert answer.status_code == 200
    assert "Look up a company" in answer.text
    assert ONE not in answer.text


def test_a_company_is_shown_with_what_each_partner_was_told(officer: TestClient, world: World):
    answer = officer.post("/console/told", data=LOOK)

    assert answer.status_code == 200
    assert f"Who was told about {ONE}?" in answer.text
    assert "name, SCAC, status, member since" in answer.text
    assert "held</span> since" in answer.text
    assert "never told" in answer.text
    assert 'href="/console/batches/1"' in answer.text
    assert TWO not in answer.text
    [looked] = entries(world.house, "looked up")
    assert (looked["by"], looked["reason"]) == ("olga", "request by the company")
    assert looked["subject"] == "10000001"


@pytest.mark.parametrize(
    ("by", "text"),
    [
        ("name", "Invented Company 10000001"),
        ("name", "invented company 10000001"),
        ("identifier", "QXQA"),
        ("identifier", "qxqa"),
        ("account", " 10000001 "),
    ],
)
def test_a_company_is_found_by_each_of_its_keys(officer: TestClient, by: str, text: str):
    answer = officer.post("/console/told", data={**LOOK, "by": by, "text": text})

    assert f"Who was told about {ONE}?" in answer.text


def test_where_several_fit_one_is_chosen_and_the_ledger_has_whose_names_were_shown(
    officer: TestClient, world: World
):
    answer = officer.post("/console/told", data={**LOOK, "by": "name", "text": "Invented Com"})

    assert ONE in answer.text
    assert TWO in answer.text
    assert "held" not in answer.text
    [looked] = entries(world.house, "looked up")
    assert (looked["found"], looked["subject"], looked["looked by"]) == (2, None, "name")
    assert looked["accounts"] == ["10000001", "10000002"]
    assert "Invented" not in str(looked)
    seen = at_console(world.house, "vera", {Role.VIEWER}).get("/console/ledger?kind=looked+up").text
    assert "olga" in seen
    assert "accounts" not in seen
    assert "1000000" not in seen


def test_nobody_found_is_said_and_kept(officer: TestClient, world: World):
    answer = officer.post("/console/told", data={**LOOK, "text": "99999999"})

    assert "Nobody on the roll fits" in answer.text
    [looked] = entries(world.house, "looked up")
    assert (looked["found"], looked["accounts"]) == (0, [])


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"why": "other"}, 422, "MRX-7023"),
        ({"why": "curiosity"}, 422, "MRX-7003"),
        ({"why": "other", "line": " "}, 422, "MRX-7023"),
        ({"text": "no account"}, 422, "MRX-7003"),
        ({"text": " "}, 422, "MRX-7003"),
        ({"by": "address"}, 422, "MRX-7003"),
    ],
)
def test_without_a_reason_nothing_is_shown(
    officer: TestClient, world: World, change: dict[str, str], status: int, code: str
):
    answer = officer.post("/console/told", data={**LOOK, **change})

    assert (answer.status_code, code in answer.text) == (status, True)
    assert ONE not in answer.text
    assert entries(world.house, "looked up") == []


@pytest.mark.parametrize("role", [role for role in Role if role not in {*OFFICER, Role.AUDITOR}])
def test_nobody_else_may_look(world: World, role: Role):
    client = at_console(world.house, "vera", {role})

    pages = [client.get("/console/told"), client.post("/console/told", data=LOOK)]
    statement = client.post("/console/told/statement", data={"account": "10000001", "why": "audit"})

    assert [answer.status_code for answer in (*pages, statement)] == [403, 403, 403]
    assert ONE not in "".join(answer.text for answer in (*pages, statement))
    acts = [one["act"] for one in entries(world.house, "act refused")]
    assert acts == ["look at who was told", "look a company up", "issue a statement"]


def test_an_auditor_sees_and_states_nothing(world: World):
    client = at_console(world.house, "aude", {Role.AUDITOR})

    assert ONE in client.post("/console/told", data=LOOK).text
    asked = {"account": "10000001", "why": "audit"}
    assert client.post("/console/told/statement", data=asked).status_code == 403


def test_states_are_those_a_company_is_told(officer: TestClient, world: World):
    world.revoke("10000001", of="mx-neec")
    leaving = officer.post("/console/told", data=LOOK).text
    world.deliver()
    gone = officer.post("/console/told", data=LOOK).text

    assert "withdrawal on its way</span> since" in leaving
    assert "deletion confirmed</span> at" in gone
    assert "the partner has erased it" in gone


# -- the signed statement --------------------------------------------------------------------------


@pytest.fixture
def signed(officer: TestClient) -> bytes:
    asked = {"account": "10000001", "why": "other", "line": "their letter of today"}
    answer = officer.post("/console/told/statement", data=asked)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pkcs7-mime"
    assert "10000001" not in answer.headers["content-disposition"]
    return answer.content


def test_a_statement_is_signed_and_stands_in_the_ledger(signed: bytes, world: World):
    house = world.house
    opened = open_sealed(signed, [house.key.certificate], datetime.now(UTC))

    document = orjson.loads(opened.content)
    assert (document["document"], document["from"]) == ("mrx-statement/1", "us-ctpat")
    assert document["company"]["name"] == ONE
    [mexico] = [one for one in document["company"]["partners"] if one["partner"] == "mx-neec"]
    assert mexico["stands"] == "held"
    assert mexico["lives"][0]["tellings"][0]["receipts"][0]["level"] == "applied"
    with house.database.read() as tx:
        kept = ledger.c.position == document["ledger"]["entries"]
        assert document["ledger"]["digest"] == tx.scalar(select(ledger.c.digest).where(kept))
    [entry] = entries(house, "statement issued")
    assert (entry["by"], entry["reason"]) == ("olga", "other")
    assert entry["line"] == "their letter of today"
    assert (entry["digest"], entry["subject"]) == (opened.digest, "10000001")


def test_a_statement_names_no_other_company_and_nobody_of_the_staff(signed: bytes):
    for word in (TWO, "10000002", "olga", "test"):
        assert word.encode() not in signed.split(b'"document"')[1].split(b"\n}")[0]


@pytest.mark.second_opinion
def test_openssl_opens_a_statement_too(signed: bytes, world: World, tmp_path: Path):
    file, ours = tmp_path / "statement.p7m", tmp_path / "us.crt"
    file.write_bytes(signed)
    ours.write_text(world.house.key.certificate.pem)

    verify = ("cms", "-verify", "-binary", "-inform", "DER", "-CAfile", ours, "-purpose", "any")
    theirs = subprocess.run(
        [tool("openssl"), *verify, "-in", file, "-partial_chain"], check=True, capture_output=True
    )

    assert orjson.loads(theirs.stdout)["company"]["account"] == "10000001"
