"""The ledger at the console: who did what, for everybody; of whom, for auditors; and is it whole?"""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from gateway.acts import ledgers, revoking, statements
from gateway.identity.actor import ALL, Actor
from gateway.identity.roles import Role
from gateway.views.told import By
from schemas.tables import ledger
from tests.conftest import connected_world
from tests.gateway.acts.entries import entries
from tests.gateway.console.people import at_console
from tests.world import World, member

PAGE = "/console/ledger"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, key_files: dict[str, Path]) -> World:
    """Three members told, one of them taken back; the tests here only read it."""
    made = connected_world(tmp_path_factory.mktemp("world"), key_files, ("mx-neec",))
    made.push(*(member(str(10_000_001 + n)) for n in range(3)))
    made.grant("10000001", "10000002", "10000003")
    made.deliver()
    made.revoke("10000001", of="mx-neec")
    made.deliver()
    return made


@pytest.fixture(scope="module")
def vera(world: World) -> TestClient:
    return at_console(world.house, "vera", {Role.VIEWER})


@pytest.fixture(scope="module")
def udo(world: World) -> TestClient:
    return at_console(world.house, "udo", {Role.AUDITOR})


def test_only_auditors_read_of_whom_an_entry_tells(world: World, vera: TestClient, udo: TestClient):
    with world.house.database.read() as tx:
        told = ledger.select().where(ledger.c.kind == "disclosed")
        position = tx.execute(told).first().position

    assert "disclosed" in vera.get(PAGE).text
    assert "10000001" not in vera.get(PAGE).text
    assert f"{PAGE}/{position}" not in vera.get(PAGE).text
    assert f"{PAGE}/{position}" in udo.get(PAGE).text
    assert "10000001" in udo.get(f"{PAGE}/{position}").text
    assert vera.get(f"{PAGE}/{position}").status_code == 403
    assert udo.get(f"{PAGE}/1000000").status_code == 404


def test_an_entry_of_thousands_is_no_burden_to_the_list(small_world: World):
    small_world.push(*(member(str(10_000_001 + n)) for n in range(200)))
    small_world.grant(*(str(10_000_001 + n) for n in range(200)))
    udo = at_console(small_world.house, "udo", {Role.AUDITOR})

    listed = udo.get(f"{PAGE}?kind=consents").text

    assert "more than fits here" in listed
    assert len(listed) < 20_000
    assert "10000200" in udo.get(f"{PAGE}/2").text


def test_entries_are_found_by_kind_partner_person_and_day(udo: TestClient):
    def kinds(**query: str) -> str:
        text = udo.get(PAGE, params=query).text
        return text.partition("<tbody>")[2].partition("</tbody>")[0]

    assert "members pushed" not in kinds(kind="disclosed")
    assert "members pushed" in kinds(kind="members pushed")
    assert "members pushed" not in kinds(partner="mx-neec")
    assert "user made" in kinds(by="the test")
    assert "members pushed" not in kinds(by="the test")
    assert "members pushed" not in kinds(since="2026-02-01")
    assert "members pushed" in kinds(until="2026-01-05")
    assert kinds(until="2026-01-04") == ""
    assert udo.get(PAGE, params={"since": "2026-99-99"}).status_code == 200
    assert "members pushed" in kinds(since="0001-01-01", until="9999-12-31")


def test_the_list_goes_on_page_by_page_and_ends(
    world: World, udo: TestClient, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("gateway.console.ledger.A_PAGE", 4)
    found, at = [], PAGE
    while at:
        text = udo.get(at).text
        found += [int(part.partition('"')[0]) for part in text.split('id="entry-')[1:]]
        at = text.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")

    with world.house.database.read() as tx:
        size = len(tx.execute(ledger.select()).all())
    assert found == list(range(size, 0, -1))


def test_a_filter_that_finds_little_looks_at_no_more_than_a_part(
    udo: TestClient, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("gateway.views.ledger.LOOKED_AT_MAX", 3)

    text = udo.get(PAGE, params={"by": "nobody at all"}).text

    assert "None in this part of the ledger" in text
    assert 'rel="next"' in text


def test_an_export_holds_what_its_digests_are_made_of(world: World, udo: TestClient):
    answer = udo.post(f"{PAGE}/export", data={"first": "2", "last": "4"})

    assert answer.headers["content-disposition"].endswith('"ledger-us-ctpat-2-4.ndjson"')
    rows = [orjson.loads(line) for line in answer.content.splitlines()]
    assert [row["position"] for row in rows] == [2, 3, 4]
    for row in rows:
        names = ("previous", "position", "at", "kind", "partner", "subject", "entry")
        made_of = orjson.dumps([row[name] for name in names])
        assert row["digest"] == hashlib.sha256(made_of).hexdigest()
    assert rows[1]["previous"] == rows[0]["digest"]
    assert entries(world.house, "ledger exported")[-1] == {"by": "udo", "from": 2, "to": 4}


def test_who_is_no_auditor_takes_nothing_out(world: World, vera: TestClient):
    before = len(entries(world.house, "ledger exported"))

    answer = vera.post(f"{PAGE}/export", data={"first": "1"})

    assert (answer.status_code, "MRX-7017" in answer.text) == (403, True)
    assert len(entries(world.house, "ledger exported")) == before
    assert entries(world.house, "act refused")[-1]["act"] == "export the ledger"
    assert "Take entries out" not in vera.get(PAGE).text


def test_the_chain_is_walked_part_by_part_and_a_change_is_found(
    small_world: World, monkeypatch: pytest.MonkeyPatch
):
    house = small_world.house
    udo = at_console(house, "udo", {Role.AUDITOR})
    monkeypatch.setattr(ledgers, "WALKED_MAX", 2)
    small_world.push(member("10000001"))
    small_world.grant("10000001")
    assert "not verified yet" in udo.get(PAGE).text

    udo.post(f"{PAGE}/verify")
    udo.post(f"{PAGE}/verify")

    walked = entries(house, "ledger verified")
    assert [(one["from"], one["to"]) for one in walked] == [(1, 2), (3, 4)]
    assert "up to entry 4" in udo.get(PAGE).text
    with house.database.write() as tx:
        tx.execute(update(ledger).where(ledger.c.position == 1).values(entry='{"by":"nobody"}'))
    assert "ledger-broken" in udo.post(f"{PAGE}/verify", data={"anew": "yes"}).headers["location"]
    assert "at entry 1" in udo.get(PAGE).text


def test_a_tail_that_was_cut_off_is_found(small_world: World):
    house = small_world.house
    udo = at_console(house, "udo", {Role.AUDITOR})
    small_world.push(member("10000001"))
    udo.post(f"{PAGE}/verify")
    with house.database.write() as tx:
        last = max(tx.scalars(ledger.select().with_only_columns(ledger.c.position)))
        tx.execute(ledger.delete().where(ledger.c.position == last))

    assert "ledger-broken" in udo.post(f"{PAGE}/verify", data={"anew": "yes"}).headers["location"]


@pytest.fixture
def broken(small_world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Entry 5 was changed, and the walk, of three entries each time, has found that."""
    monkeypatch.setattr(ledgers, "WALKED_MAX", 3)
    for number in range(4):
        small_world.push(member(str(10_000_001 + number)))
        small_world.grant(str(10_000_001 + number))
    with small_world.house.database.write() as tx:
        tx.execute(update(ledger).where(ledger.c.position == 5).values(kind="forged"))
    udo = at_console(small_world.house, "udo", {Role.AUDITOR})
    udo.post(f"{PAGE}/verify")
    udo.post(f"{PAGE}/verify")
    assert entries(small_world.house, "ledger verified")[-1]["broken_at"] == 5
    return small_world


@pytest.mark.parametrize(
    "walks",
    [
        [{}],
        [{}, {}, {}],
        [{"anew": "yes"}],
        [{"anew": "yes"}, {}],
        [{"anew": "yes"}, {}, {}],
        [{"anew": "yes"}, {"anew": "yes"}, {}],
    ],
)
def test_a_break_that_was_found_stays_found(broken: World, walks: list[dict[str, str]]):
    udo = at_console(broken.house, "udo", {Role.AUDITOR})

    said = [udo.post(f"{PAGE}/verify", data=data).headers["location"] for data in walks]

    assert said == ["/console/ledger?said=ledger-broken"] * len(walks)
    assert 'class="alarm"' in udo.get(PAGE).text
    assert "at entry 5" in udo.get(PAGE).text


@pytest.mark.parametrize(("anew", "more"), [("", 1), ("yes", 2)])
def test_a_break_is_over_only_when_the_walk_has_passed_it(broken: World, anew: str, more: int):
    udo = at_console(broken.house, "udo", {Role.AUDITOR})
    with broken.house.database.write() as tx:
        query = ledger.select().where(ledger.c.position == 3)
        kind = tx.execute(query).one().kind
        tx.execute(update(ledger).where(ledger.c.position == 5).values(kind=kind))

    said = [udo.post(f"{PAGE}/verify", data={"anew": anew}).headers["location"]]
    said += [udo.post(f"{PAGE}/verify").headers["location"] for _ in range(more - 1)]

    words = ["broken"] * (more - 1) + ["verified"]
    assert said == [f"/console/ledger?said=ledger-{word}" for word in words]
    assert 'class="alarm"' not in udo.get(PAGE).text


def test_a_break_stays_found_where_what_was_walked_is_gone(broken: World):
    udo = at_console(broken.house, "udo", {Role.AUDITOR})
    with broken.house.database.write() as tx:
        tx.execute(ledger.delete().where(ledger.c.position == 4))

    for _ in range(3):
        assert "broken" in udo.post(f"{PAGE}/verify").headers["location"]
        assert "at entry 4" in udo.get(PAGE).text


def test_who_is_no_auditor_walks_nothing(world: World, vera: TestClient, udo: TestClient):
    before = len(entries(world.house, "ledger verified"))

    answer = vera.post(f"{PAGE}/verify", data={"anew": "yes"})

    assert (answer.status_code, "MRX-7017" in answer.text) == (403, True)
    assert len(entries(world.house, "ledger verified")) == before
    assert entries(world.house, "act refused")[-1]["act"] == "verify the ledger"
    assert f"{PAGE}/verify" not in vera.get(PAGE).text
    assert f"{PAGE}/verify" in udo.get(PAGE).text


def test_what_somebody_wrote_about_a_company_is_for_auditors(world: World, tmp_path: Path):
    house, olga, now = world.house, Actor("olga", ALL), datetime.now(UTC)
    wrote = "Invented Company of Example Street asked"
    grounds = statements.grounds("company", wrote)
    statements.look(house, olga, By.ACCOUNT, "10000002", grounds, now=now)
    statements.look(house, olga, By.NAME, "Invented", grounds, now=now)
    statements.issue(house, olga, "10000002", grounds, now=now)
    revoking.revoke(house, olga, "10000002", ["mx-neec"], reason=wrote, now=now)
    vera, udo = (
        at_console(house, name, {role})
        for name, role in (("vera", Role.VIEWER), ("udo", Role.AUDITOR))
    )

    for kind in ("looked up", "statement issued", "revocation entered"):
        seen = vera.get(PAGE, params={"kind": kind}).text
        assert "olga" in seen
        assert wrote not in seen
        assert "1000000" not in seen
        assert wrote in udo.get(PAGE, params={"kind": kind}).text


def test_salt_is_no_news(udo: TestClient):
    seen = udo.get(PAGE, params={"kind": "revoked"}).text

    assert "on its way" in seen
    assert "salt" not in seen
