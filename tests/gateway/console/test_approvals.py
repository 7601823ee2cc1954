"""Approvals at the console: what waits, who may decide, and what they are shown first."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from gateway.acts import keys
from gateway.identity.actor import ALL, Actor
from gateway.identity.roles import Role
from outbox.house import House
from schemas.tables import sessions
from tests.gateway.acts.entries import entries
from tests.gateway.console.people import at_console
from tests.world import World

NOW = datetime.now(UTC)


@pytest.fixture
def house(small_world: World) -> House:
    return small_world.house


@pytest.fixture
def page(house: House) -> str:
    """The page of an approval that waits: Sofia wants to activate the next key."""
    sofia = Actor("sofia", ALL)
    keys.stage(house, sofia, now=NOW)
    asked = keys.activate(house, sofia, although_unseen=True, reason="it is time", now=NOW)
    return f"/console/approvals/{asked.id}"


@pytest.fixture
def anna(house: House) -> TestClient:
    return at_console(house, "anna", {Role.APPROVER})


def test_what_waits_is_listed_and_shown_with_its_reason(anna: TestClient, page: str):
    assert page in anna.get("/console/approvals?state=waiting").text
    assert page not in anna.get("/console/approvals?state=refused").text
    shown = anna.get(page).text
    assert "it is time" in shown
    assert "/console/certificates" in shown
    assert f"{page}/approve" in shown


def test_who_may_not_decide_sees_it_and_decides_nothing(house: House, page: str):
    vera = at_console(house, "vera", {Role.VIEWER})
    assert "it is time" in vera.get(page).text
    assert f"{page}/approve" not in vera.get(page).text

    for act in ("approve", "refuse"):
        assert vera.get(f"{page}/{act}").status_code == 403
        assert vera.post(f"{page}/{act}", data={"reason": "x"}).status_code == 403

    assert {entry["by"] for entry in entries(house, "act refused")} == {"vera"}
    assert entries(house, "key activated") == []


def test_a_yes_asks_again_who_one_is(house: House, anna: TestClient, page: str):
    with house.database.write() as tx:
        tx.execute(update(sessions).values(proved_at=NOW - timedelta(hours=1)))

    answer = anna.post(f"{page}/approve", data={"reason": "seen"})

    assert "Show who you are" in answer.text
    assert entries(house, "key activated") == []


def test_a_no_says_why(house: House, anna: TestClient, page: str):
    assert anna.get(f"{page}/refuse").status_code == 200
    silent = anna.post(f"{page}/refuse", data={"reason": ""})
    assert (silent.status_code, "MRX-7023" in silent.text) == (422, True)

    assert anna.post(f"{page}/refuse", data={"reason": "not in December"}).status_code == 303

    assert "not in December" in anna.get(page).text
    [entry] = entries(house, "approval refused")
    assert (entry["by"], entry["reason"]) == ("anna", "not in December")


def test_the_list_goes_on_page_by_page(
    house: House, anna: TestClient, page: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("gateway.console.approvals.A_PAGE", 1)
    keys.retire(house, Actor("sofia", ALL), reason="again", now=NOW)
    keys.stage(house, Actor("sofia", ALL), now=NOW)
    later = NOW + timedelta(seconds=1)
    keys.activate(house, Actor("sofia", ALL), although_unseen=True, reason="2nd", now=later)

    first = anna.get("/console/approvals").text
    [link] = re.findall('rel="next" href="([^"]+)"', first)
    second = anna.get(link.replace("&amp;", "&")).text

    assert "2nd" in first
    assert page not in first
    assert page in second
    assert 'rel="next"' not in second
