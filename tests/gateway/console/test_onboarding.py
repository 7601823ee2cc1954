"""Onboarding at the console: what the gateway sees by itself, what people tick, and going live."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import insert

from gateway.identity.roles import Role
from gateway.views.onboarding import BY_HAND
from outbox.house import House
from partners import agreements
from schemas.tables import connection_tests
from tests.gateway.acts.entries import entries
from tests.gateway.console.people import at_console
from tests.world import START, World, member

PAGE = "/console/onboarding/mx-neec"


@pytest.fixture
def house(small_world: World) -> House:
    """Mexico's certificate is pinned; the exchange has not begun."""
    with small_world.house.database.write() as tx:
        agreements.change(tx, "mx-neec", enabled=False)
    return small_world.house


@pytest.fixture
def emil(house: House) -> TestClient:
    return at_console(house, "emil", {Role.PARTNER_ENGINEER})


@pytest.fixture
def anna(house: House) -> TestClient:
    return at_console(house, "anna", {Role.APPROVER})


def after_a_test(house: House, verdict: str) -> None:
    """As a connection test would keep it."""
    findings = [{"name": "dns", "verdict": verdict, "code": None, "sentence": "x"}]
    with house.database.write() as tx:
        tx.execute(connection_tests.delete())
        tx.execute(
            insert(connection_tests).values(
                partner="mx-neec", at=START, by="olga", findings=findings
            )
        )


def tick_all(client: TestClient) -> None:
    for step in sorted(BY_HAND):
        assert client.post(f"{PAGE}/{step}/tick", data={"evidence": "a letter"}).status_code == 303


def live(house: House) -> bool:
    with house.database.read() as tx:
        return agreements.get(tx, "mx-neec").agreement.enabled


def test_the_gateway_sees_some_steps_by_itself(house: House, emil: TestClient):
    shown = emil.get(PAGE).text

    assert "it has not been tested yet" in shown
    after_a_test(house, "failed")
    assert "failed: dns" in emil.get(PAGE).text
    after_a_test(house, "ok")
    assert "tested 2026-01-05 12:00 UTC by olga" in emil.get(PAGE).text
    assert "mx-neec" in emil.get("/console/onboarding").text


def test_a_step_is_ticked_with_evidence_and_opened_again(house: House, emil: TestClient):
    assert emil.get(f"{PAGE}/contacts/tick").status_code == 200
    silent = emil.post(f"{PAGE}/contacts/tick", data={"evidence": ""})
    assert (silent.status_code, "MRX-7023" in silent.text) == (422, True)

    emil.post(f"{PAGE}/contacts/tick", data={"evidence": "letter of 2 October"})

    assert "letter of 2 October" in emil.get(PAGE).text
    emil.post(f"{PAGE}/contacts/reopen", data={"reason": "they moved"})
    assert "letter of 2 October" not in emil.get(PAGE).text
    assert entries(house, "onboarding step reopened") == [
        {"step": "contacts", "reason": "they moved", "by": "emil"}
    ]


def test_what_the_gateway_sees_cannot_be_ticked(emil: TestClient):
    assert emil.get(f"{PAGE}/certificate/tick").status_code == 404
    assert emil.post(f"{PAGE}/certificate/tick", data={"evidence": "trust me"}).status_code == 422


def test_going_live_waits_for_the_list_and_for_a_second_person(
    small_world: World, house: House, emil: TestClient, anna: TestClient
):
    small_world.push(member("10000001"))
    small_world.grant("10000001")
    early = emil.post(f"{PAGE}/go-live", data={"reason": "now"})
    assert (early.status_code, "MRX-7015" in early.text, "contacts" in early.text) == (
        409,
        True,
        True,
    )
    tick_all(emil)
    after_a_test(house, "ok")

    asked = emil.post(f"{PAGE}/go-live", data={"reason": "all is tested"})
    approval = asked.headers["location"].partition("?")[0]
    assert not live(house)
    assert anna.get(f"{approval}/approve").status_code == 200
    assert anna.post(f"{approval}/approve", data={"reason": "I looked"}).status_code == 303

    assert live(house)
    [entry] = entries(house, "went live")
    assert entry == {"by": "anna", "asked_by": "emil", "reason": "all is tested"}
    small_world.deliver()
    assert small_world.held("mx-neec")
    assert "settled" in emil.get(PAGE).text


def test_what_came_undone_since_it_was_asked_stops_it(
    house: House, emil: TestClient, anna: TestClient
):
    tick_all(emil)
    after_a_test(house, "ok")
    asked = emil.post(f"{PAGE}/go-live", data={"reason": "all is tested"})
    approval = asked.headers["location"].partition("?")[0]
    after_a_test(house, "failed")

    answer = anna.post(f"{approval}/approve", data={"reason": "I looked"})

    assert (answer.status_code, "MRX-7015" in answer.text) == (409, True)
    assert not live(house)
    assert "waiting" in anna.get(approval).text


def test_who_only_looks_ticks_nothing_and_begins_nothing(house: House, anna: TestClient):
    vera = at_console(house, "vera", {Role.VIEWER})
    assert vera.get(PAGE).status_code == 200

    for client in (vera, anna):
        for path, data in (
            ("/contacts/tick", {"evidence": "x"}),
            ("/contacts/reopen", {"reason": "x"}),
            ("/go-live", {"reason": "x"}),
        ):
            assert client.post(f"{PAGE}{path}", data=data).status_code == 403
    assert len(entries(house, "act refused")) == 6
