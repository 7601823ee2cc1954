"""Pushes at the console: what they did, what they would do, and the word of a second person."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from gateway.identity.roles import Role
from gateway.intake import full_list
from gateway.tokens import Scope
from partners import roll
from schemas.codes import CODES
from schemas.tables import sessions
from tests.gateway.acts.entries import entries
from tests.gateway.api.doors import application
from tests.gateway.api.source.push_calls import AS_OF, Caller, lines
from tests.gateway.console.people import at_console
from tests.world import World, member

ALL = [member(str(10_000_000 + n)) for n in range(30)]
WRONG = member("10000031", status="NO SUCH WORD")
KEPT = 5


@pytest.fixture
def waiting(small_world: World) -> str:
    """A full list of five where thirty are known; one line of it is wrong."""
    world = small_world
    world.push(*ALL)
    world.grant(*(str(one["account"]) for one in ALL[:20]))
    world.deliver()
    pusher = Caller(TestClient(application(world.house)), world.house, (Scope.PUSH,))
    answer = pusher.push(lines(*ALL[:KEPT], WRONG), mode="snapshot", as_of=AS_OF)
    assert answer.status_code == 409, answer.text
    return str(answer.json()["push"]["id"])


@pytest.fixture
def anna(small_world: World) -> TestClient:
    return at_console(small_world.house, "anna", {Role.APPROVER})


@pytest.fixture
def vera(small_world: World) -> TestClient:
    return at_console(small_world.house, "vera", {Role.VIEWER})


def size(world: World) -> int:
    with world.house.database.read() as tx:
        return len([one for one in roll.every(tx) if one.present])


def test_a_push_that_waits_is_listed_and_shown_with_what_would_go(vera: TestClient, waiting: str):
    listed = vera.get("/console/pushes?state=waiting").text
    shown = vera.get(f"/console/pushes/{waiting}").text

    assert waiting in listed
    assert "It would remove 25 members" in shown
    assert f"{CODES['MRX-1110'].title}" in shown
    assert "mx-neec" in shown
    assert "/release" not in shown
    assert waiting not in vera.get("/console/pushes?state=done").text


def test_rejected_lines_show_accounts_in_part_but_to_those_who_may_see_companies(
    small_world: World, vera: TestClient, waiting: str
):
    page = f"/console/pushes/{waiting}/rejections"
    auditor = at_console(small_world.house, "udo", {Role.AUDITOR})

    assert "100***31" in vera.get(page).text
    assert "10000031" not in vera.get(page).text
    assert "10000031" in auditor.get(page).text


def test_a_second_person_releases_it_by_typing_the_number(
    small_world: World, anna: TestClient, waiting: str
):
    page = f"/console/pushes/{waiting}/release"
    assert "25 members" in anna.get(page).text

    for typed in ("24", "", "many"):
        wrong = anna.post(page, data={"gone": typed, "reason": "they left"})
        assert (wrong.status_code, "MRX-7024" in wrong.text) == (422, True)
    silent = anna.post(page, data={"gone": "25", "reason": " "})
    assert "MRX-7023" in silent.text
    assert size(small_world) == 30
    done = anna.post(page, data={"gone": "25", "reason": "they left"})

    assert (done.status_code, done.headers["location"]) == (
        303,
        f"/console/pushes/{waiting}?said=push-released",
    )
    assert size(small_world) == KEPT
    [entry] = entries(small_world.house, "push released")
    assert entry == {"push": waiting, "by": "anna", "reason": "they left"}
    assert entries(small_world.house, "members pushed")[-1]["approved_by"] == "anna"
    assert "let in by anna" in anna.get(f"/console/pushes/{waiting}").text


def test_if_more_would_go_by_now_it_waits_on_and_says_how_many(
    small_world: World, anna: TestClient, waiting: str
):
    page = f"/console/pushes/{waiting}"
    small_world.push(*(member(str(10_000_100 + n)) for n in range(3)))

    answer = anna.post(f"{page}/release", data={"gone": "25", "reason": "they left"})

    assert (answer.status_code, "MRX-7024" in answer.text) == (422, True)
    assert size(small_world) == 33
    assert entries(small_world.house, "push released") == []
    assert "It would remove 28 members" in anna.get(page).text
    again = anna.post(f"{page}/release", data={"gone": "28", "reason": "I looked again"})
    assert again.status_code == 303
    assert size(small_world) == KEPT


def test_who_joins_after_the_last_look_is_not_withdrawn_by_it(
    small_world: World, anna: TestClient, waiting: str, monkeypatch: pytest.MonkeyPatch
):
    honest = full_list.over_guard

    def and_then(*asked: Any) -> Any:
        counted = honest(*asked)
        small_world.push(*(member(str(10_000_100 + n)) for n in range(3)))
        return counted

    monkeypatch.setattr(full_list, "over_guard", and_then)

    page = f"/console/pushes/{waiting}/release"
    done = anna.post(page, data={"gone": "25", "reason": "they left"})

    assert done.status_code == 303
    assert size(small_world) == KEPT + 3


def test_if_fewer_would_go_by_now_it_is_let_in(small_world: World, anna: TestClient, waiting: str):
    with small_world.house.database.write() as tx:
        gone = [str(one["account"]) for one in ALL[-12:]]
        roll.leave(tx, gone, as_of=small_world.clock(), now=small_world.clock())

    page = f"/console/pushes/{waiting}/release"
    done = anna.post(page, data={"gone": "25", "reason": "they left"})

    assert done.status_code == 303
    assert size(small_world) == KEPT


def test_a_release_asks_again_who_one_is(small_world: World, anna: TestClient, waiting: str):
    with small_world.house.database.write() as tx:
        past = datetime.now(UTC) - timedelta(hours=1)
        tx.execute(update(sessions).values(proved_at=past))

    page = anna.get(f"/console/pushes/{waiting}/release")
    data = {"gone": "25", "reason": "they left"}
    answer = anna.post(f"/console/pushes/{waiting}/release", data=data)

    assert "Show who you are" in page.text
    assert "Show who you are" in answer.text
    assert size(small_world) == 30


def test_a_refused_one_takes_nothing(small_world: World, anna: TestClient, waiting: str):
    page = f"/console/pushes/{waiting}/refuse"
    assert anna.get(page).status_code == 200

    answer = anna.post(page, data={"reason": "the export was cut off"})

    assert answer.status_code == 303
    assert size(small_world) == 30
    [entry] = entries(small_world.house, "push discarded")
    assert entry == {"push": waiting, "by": "anna", "reason": "the export was cut off"}
    late = anna.post(page, data={"reason": "again"})
    assert (late.status_code, "MRX-7015" in late.text) == (409, True)


def test_who_only_looks_decides_nothing(small_world: World, vera: TestClient, waiting: str):
    for act, data in (("release", {"gone": "25", "reason": "x"}), ("refuse", {"reason": "x"})):
        assert vera.get(f"/console/pushes/{waiting}/{act}").status_code == 403
        assert vera.post(f"/console/pushes/{waiting}/{act}", data=data).status_code == 403

    refused = [entry["act"] for entry in entries(small_world.house, "act refused")]
    assert refused.count("release a push") == refused.count("refuse a push") == 1
    assert size(small_world) == 30


def test_there_is_no_such_push(vera: TestClient):
    assert vera.get(f"/console/pushes/{'0' * 16}").status_code == 404
    assert vera.get("/console/pushes/nonsense").status_code == 422
