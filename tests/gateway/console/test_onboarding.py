"""Onboarding at the console: what the gateway sees by itself, what people tick, and going live."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import insert

from gateway.identity.roles import Role
from gateway.views.onboarding import BY_HAND
from outbox.house import House
from partners import agreements
from schemas.tables import connection_tests
from tests.gateway.acts.entries import entries
from tests.gateway.cli.ends import served
from tests.gateway.console.people import at_console
from tests.gateway.console.test_batches import text_of
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


@pytest.fixture
def listening(small_world: World, house: House) -> Iterator[House]:
    """Mexico really listens, so that conformance can be run."""
    with served(small_world.partners["mx-neec"]) as url:
        with house.database.write() as tx:
            agreements.change(tx, "mx-neec", push_url=url)
        yield house


def after_a_test(house: House, result: str) -> None:
    """As a connection test would keep it (`tests/gateway/acts/test_connection.py`)."""
    findings = [{"step": "dns", "result": result, "sentence": "x", "next": None}]
    with house.database.write() as tx:
        tx.execute(connection_tests.delete())
        tx.execute(
            insert(connection_tests).values(
                partner="mx-neec", at=START, by="olga", findings=findings
            )
        )


def do_all(client: TestClient) -> None:
    """All that is ticked by hand, and a conformance run, which tests the connection, too."""
    for step in sorted(BY_HAND):
        assert client.post(f"{PAGE}/{step}/tick", data={"evidence": "a letter"}).status_code == 303
    run = client.post(f"{PAGE}/conformance")
    assert run.headers["location"] == f"{PAGE}/conformance?said=conformance-well"


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
    small_world: World, listening: House, emil: TestClient, anna: TestClient
):
    house, url = listening, "mx-neec"
    small_world.push(member("10000001"))
    small_world.grant("10000001")
    early = emil.post(f"{PAGE}/go-live", data={"reason": "now"})
    assert (early.status_code, "MRX-7015" in early.text, "contacts" in early.text) == (
        409,
        True,
        True,
    )
    do_all(emil)

    asked = emil.post(f"{PAGE}/go-live", data={"reason": "all is tested"})
    approval = asked.headers["location"].partition("?")[0]
    assert not live(house)
    assert anna.get(f"{approval}/approve").status_code == 200
    assert anna.post(f"{approval}/approve", data={"reason": "I looked"}).status_code == 303

    assert live(house)
    [entry] = entries(house, "went live")
    assert entry == {"by": "anna", "asked_by": "emil", "reason": "all is tested"}
    with house.database.write() as tx:
        agreements.change(tx, "mx-neec", push_url=url)  # the world's own wire
    small_world.deliver()
    assert small_world.held("mx-neec")
    assert "settled" in emil.get(PAGE).text


def test_what_came_undone_since_it_was_asked_stops_it(
    listening: House, emil: TestClient, anna: TestClient
):
    house = listening
    do_all(emil)
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
            ("/conformance", {}),
        ):
            assert client.post(f"{PAGE}{path}", data=data).status_code == 403
    assert len(entries(house, "act refused")) == 8


def test_conformance_is_run_here_and_its_report_can_be_taken(listening: House, emil: TestClient):
    assert "It has not been run yet" in text_of(emil.get(f"{PAGE}/conformance"))
    assert emil.get(f"{PAGE}/conformance/report").status_code == 404
    assert "Run conformance" in emil.get(PAGE).text

    done = emil.post(f"{PAGE}/conformance")

    shown = text_of(emil.get(done.headers["location"]))
    assert "The conformance run went well" in shown
    assert "everything that was run holds" in shown
    for check in ("statuses", "read back", "sealing", "connection, echo"):
        assert check in shown
    taken = emil.get(f"{PAGE}/conformance/report")
    assert taken.headers["content-type"].startswith("text/plain")
    assert "attachment" in taken.headers["content-disposition"]
    assert "Everything that was run holds." in taken.text
    assert "checks that could be run went well" in emil.get(PAGE).text
    vera = at_console(listening, "vera", {Role.VIEWER})
    seen = vera.get(f"{PAGE}/conformance").text
    assert ("everything that was run holds" in seen, "Run conformance" in seen) == (True, False)


def test_conformance_is_nobody_s_word(house: House, emil: TestClient):
    assert emil.get(f"{PAGE}/conformance/tick").status_code == 404
    trusted = emil.post(f"{PAGE}/conformance/tick", data={"evidence": "trust me"})

    assert (trusted.status_code, "MRX-7003" in trusted.text) == (422, True)
    assert "it has not been run yet" in emil.get(PAGE).text
