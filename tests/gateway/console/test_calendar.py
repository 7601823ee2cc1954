"""A partner's calendar at the console: edited by whom, and what a fault does to what was typed."""

import pytest
from fastapi.testclient import TestClient

from gateway.identity.roles import Role
from partners import agreements
from schemas.calendar import Calendar
from tests.gateway.acts.entries import entries
from tests.gateway.console.people import at_console
from tests.gateway.console.test_batches import text_of
from tests.world import World

PAGE = "/console/partners/mx-neec/calendar"
NEW = {
    "time_zone": "America/Mexico_City",
    "days": ["1", "2", "3", "4"],
    "holidays": "2026-09-16\r\n2026-11-16\r\n",
    "reason": "their letter",
}


@pytest.fixture
def emil(small_world: World) -> TestClient:
    return at_console(small_world.house, "emil", {Role.PARTNER_ENGINEER})


def kept(world: World) -> Calendar:
    with world.house.database.read() as tx:
        return agreements.get(tx, "mx-neec").calendar


def test_the_calendar_is_edited_and_shown_with_the_agreement(small_world: World, emil: TestClient):
    assert "Edit the calendar" in text_of(emil.get("/console/partners/mx-neec/agreement"))
    asked = emil.get(PAGE).text
    assert 'value="UTC"' in asked
    assert asked.count(" checked") == 5

    done = emil.post(PAGE, data=NEW)

    where = "/console/partners/mx-neec/agreement?said=calendar-kept"
    assert (done.status_code, done.headers["location"]) == (303, where)
    shown = text_of(emil.get(where))
    assert "The calendar is kept" in shown
    assert "America/Mexico_City" in shown
    assert "Monday, Tuesday, Wednesday, Thursday" in shown
    assert "2026-09-16, 2026-11-16" in shown
    [entry] = entries(small_world.house, "terms changed")
    assert (entry["by"], entry["reason"]) == ("emil", "their letter")
    assert entry["before"]["time_zone"] == "UTC"


def test_a_fault_is_said_beside_its_field_and_what_was_typed_stays(
    small_world: World, emil: TestClient
):
    typed = {
        "time_zone": "Mars/Olympus",
        "days": ["6"],
        "holidays": "2026-02-30\n2026-10-09\n<b>",
        "reason": "",
    }

    answer = emil.post(PAGE, data=typed)

    assert answer.status_code == 422
    for field in ("time_zone", "holidays", "reason"):
        assert f'id="{field}-fault"' in answer.text
        assert f'aria-describedby="{field}-hint {field}-fault" aria-invalid="true"' in answer.text
    assert "No dates: 2026-02-30, &lt;b&gt;" in answer.text
    assert 'value="Mars/Olympus"' in answer.text
    assert "2026-02-30\n2026-10-09\n&lt;b&gt;</textarea>" in answer.text
    assert 'value="6" checked' in answer.text
    assert answer.text.count(" checked") == 1
    assert kept(small_world) == Calendar()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"days": ["8"]}, "days"),
        ({"holidays": "2026-1-1"}, "holidays"),
        ({"reason": "a\nb"}, "reason"),
    ],
)
def test_no_field_takes_what_is_no_calendar(
    emil: TestClient, small_world: World, wrong: dict[str, object], field: str
):
    answer = emil.post(PAGE, data=NEW | wrong)

    assert (answer.status_code, f'id="{field}-fault"' in answer.text) == (422, True)
    assert kept(small_world) == Calendar()


def test_no_day_and_no_holiday_is_a_calendar_too(small_world: World, emil: TestClient):
    emil.post(PAGE, data={"time_zone": "UTC", "reason": "they never work"})

    assert kept(small_world) == Calendar("UTC", frozenset(), frozenset())
    assert "no working day is known" in text_of(emil.get(PAGE))


def test_who_only_looks_edits_nothing_and_is_not_told_what_is_wrong(small_world: World):
    olga = at_console(small_world.house, "olga", {Role.OPERATOR})
    assert "Edit the calendar" not in olga.get("/console/partners/mx-neec/agreement").text

    assert olga.get(PAGE).status_code == 403
    assert olga.post(PAGE, data=NEW).status_code == 403
    faulty = olga.post(PAGE, data={"time_zone": "Mars/Olympus"})

    assert (faulty.status_code, "no such zone" in faulty.text) == (403, False)
    assert [one["act"] for one in entries(small_world.house, "act refused")] == [
        "look at the editing of a calendar",
        "change the terms",
        "change the terms",
    ]
    assert kept(small_world) == Calendar()


def test_nobody_has_a_calendar_with_no_agreement(emil: TestClient):
    unknown = PAGE.replace("mx-neec", "xx-aeo")

    assert (emil.get(unknown).status_code, emil.post(unknown, data=NEW).status_code) == (404, 404)
