"""Inbound at the console: partners' rolls, and batches that wait for one person or for two."""

from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from gateway.identity.roles import Role
from schemas.batch import Lane
from schemas.tables import sessions
from tests.gateway.acts.entries import entries
from tests.gateway.console.people import at_console
from tests.gateway.sender import Sender, roll, some
from tests.world import World

NOW = datetime.now(UTC)
PAGE = "/console/inbound/mx-neec/mx-neec.routine.00000000000000aa.2.1"


@pytest.fixture
def waiting(small_world: World) -> World:
    """Half of the roll would go, and one member come."""
    members, sender = some(200), Sender(small_world)
    sender.send(sender.next(members), now=NOW - timedelta(days=2))
    sender.send(sender.next(some(1), [one.ref for one in members[:100]]), now=NOW)
    return small_world


@pytest.fixture
def anna(small_world: World) -> TestClient:
    return at_console(small_world.house, "anna", {Role.APPROVER})


@pytest.fixture
def vera(small_world: World) -> TestClient:
    return at_console(small_world.house, "vera", {Role.VIEWER})


@pytest.mark.usefixtures("waiting")
def test_what_waits_and_how_large_each_roll_is_stands_on_one_page(vera: TestClient):
    shown = vera.get("/console/inbound").text
    theirs = vera.get("/console/inbound/mx-neec").text
    batch = vera.get(PAGE).text

    assert PAGE in shown
    assert "waits" in shown
    assert "Their roll has 200 members" in theirs
    assert "<dt>Go</dt><dd>100</dd>" in batch
    assert "/release" not in batch


@pytest.mark.usefixtures("waiting")
def test_letting_members_go_takes_two_persons(waiting: World, anna: TestClient):
    assert "a second person must say yes too" in anna.get(f"{PAGE}/release").text
    wrong = anna.post(f"{PAGE}/release", data={"gone": "99", "reason": "they moved"})
    assert (wrong.status_code, "MRX-7024" in wrong.text) == (422, True)

    asked = anna.post(f"{PAGE}/release", data={"gone": "100", "reason": "they moved"})

    approval = asked.headers["location"].partition("?")[0]
    assert approval.startswith("/console/approvals/")
    assert len(roll(waiting)) == 200
    assert "You asked for this" in anna.get(approval).text
    own = anna.post(f"{approval}/approve", data={"reason": "sure"})
    assert (own.status_code, "MRX-7014" in own.text) == (403, True)
    ben = at_console(waiting.house, "ben", {Role.APPROVER})
    assert PAGE.removeprefix("/console") in ben.get(approval).text
    done = ben.post(f"{approval}/approve", data={"reason": "I asked them"})
    assert done.status_code == 303, done.text
    assert len(roll(waiting)) == 101
    assert "applied" in ben.get(PAGE).text
    [entry] = entries(waiting.house, "quarantine decided")
    assert (entry["by"], entry["reason"]) == ("ben", "they moved")


def test_a_yes_lets_no_more_and_no_fewer_go_than_were_typed(small_world: World, anna: TestClient):
    members, sender = some(200), Sender(small_world)
    sender.send(sender.next(members), now=NOW - timedelta(days=2))
    sender.send(sender.next(some(1), [one.ref for one in members[:100]]), now=NOW)
    asked = anna.post(f"{PAGE}/release", data={"gone": "100", "reason": "they moved"})
    approval = asked.headers["location"].partition("?")[0]
    ten = [one.ref for one in members[:10]]
    sender.send(sender.next(withdrawals=ten, lane=Lane.URGENT), now=NOW)
    assert len(roll(small_world)) == 190
    ben = at_console(small_world.house, "ben", {Role.APPROVER})

    answer = ben.post(f"{approval}/approve", data={"reason": "I asked them"})

    assert (answer.status_code, "MRX-7024" in answer.text) == (422, True)
    assert len(roll(small_world)) == 190
    assert f"{approval}/refuse" in ben.get(approval).text
    ben.post(f"{approval}/refuse", data={"reason": "look again"})
    again = ben.post(f"{PAGE}/release", data={"gone": "90", "reason": "I looked again"})
    approval = again.headers["location"].partition("?")[0]
    assert anna.post(f"{approval}/approve", data={"reason": "so did I"}).status_code == 303
    assert len(roll(small_world)) == 101


@pytest.mark.usefixtures("waiting")
def test_letting_a_batch_in_asks_again_who_one_is(small_world: World, anna: TestClient):
    with small_world.house.database.write() as tx:
        tx.execute(update(sessions).values(proved_at=NOW - timedelta(hours=1)))

    page = anna.get(f"{PAGE}/release")
    answer = anna.post(f"{PAGE}/release", data={"gone": "100", "reason": "they moved"})

    assert "Show who you are" in page.text
    assert "Show who you are" in answer.text
    assert entries(small_world.house, "approval asked") == []


def test_one_person_turns_it_down(waiting: World, anna: TestClient):
    anna.post(f"{PAGE}/release", data={"gone": "100", "reason": "they moved"})

    assert anna.post(f"{PAGE}/refuse", data={"reason": "a test file"}).status_code == 303

    assert len(roll(waiting)) == 200
    assert "rejected" in anna.get(PAGE).text
    assert "a test file" in anna.get("/console/approvals?state=refused").text or (
        "they moved" in anna.get("/console/approvals?state=refused").text
    )
    assert anna.get(f"{PAGE}/refuse").status_code == 409


def test_who_only_looks_decides_nothing(waiting: World, vera: TestClient):
    for act, data in (("release", {"gone": "100", "reason": "x"}), ("refuse", {"reason": "x"})):
        assert vera.get(f"{PAGE}/{act}").status_code == 403
        assert vera.post(f"{PAGE}/{act}", data=data).status_code == 403

    acts = [entry["act"] for entry in entries(waiting.house, "act refused")]
    assert {"let a batch in", "turn a batch down"} <= set(acts)
    assert len(roll(waiting)) == 200


@pytest.mark.usefixtures("waiting")
def test_a_batch_of_another_partner_is_not_shown_as_this_one_s(vera: TestClient):
    assert vera.get(PAGE.replace("/mx-neec/", "/ca-pip/")).status_code == 404
    assert vera.get("/console/inbound/xx-none").status_code == 404


@pytest.mark.usefixtures("waiting")
def test_thirty_days_of_a_roll_are_a_picture_a_sentence_and_a_table(
    small_world: World, vera: TestClient
):
    page = vera.get("/console/inbound/mx-neec").text

    since = (NOW - timedelta(days=2)).date()
    assert f"Their roll stayed at 200 members since {since}; one batch waited" in page
    assert page.count('class="roll__bound"') == 4  # two days that began with a known size
    assert page.count('class="roll__waited"') == 1
    row = f'<th scope="row">{NOW.date()}</th><td>200</td><td>150</td><td>250</td><td>1</td>'
    assert row in page
    none = vera.get("/console/inbound/ca-pip").text
    assert "No batch of theirs was applied within 30 days." in none
