"""A request that comes again under its key gets its first answer, whatever became of that."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from gateway import taking, upkeep
from gateway.tokens import Scope
from outbox import worker_name
from schemas.tables import idempotency_keys as keys
from schemas.tables import pushes
from tests.gateway.api.source.push_calls import AS_OF, Caller, lines, on_roll, rows
from tests.world import World, member

KEY = {"Idempotency-Key": "push-1"}
BODY = lines(member("10000001"))
GONE = "elsewhere"


def change(world: World, **values: Any) -> None:
    with world.house.database.write() as tx:
        tx.execute(update(keys).values(**values))


def test_the_same_request_gets_the_same_answer(pusher: Caller, small_world: World):
    first = pusher.push(BODY, headers=KEY)
    again = pusher.push(BODY, headers=KEY)

    assert (first.status_code, again.status_code) == (200, 200)
    assert again.content == first.content
    assert again.headers["content-type"] == first.headers["content-type"]
    assert len(rows(small_world.house, pushes)) == 1


def test_without_a_key_it_is_another_push(pusher: Caller, small_world: World):
    pusher.push(BODY)
    pusher.push(BODY)

    assert len(rows(small_world.house, pushes)) == 2


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"body": lines(member("10000002"))}, id="another body"),
        pytest.param({"body": BODY, "dry_run": True}, id="another query"),
        pytest.param({"body": BODY, "kind": "consents"}, id="another address"),
        pytest.param({"body": BODY, "headers": {"Content-Type": "text/csv", **KEY}}, id="a format"),
    ],
)
def test_another_request_under_the_key_is_refused(
    pusher: Caller, small_world: World, other: dict[str, Any]
):
    pusher.push(BODY, headers=KEY)

    answer = pusher.push(other.pop("body"), headers=other.pop("headers", KEY), **other)

    assert (answer.status_code, answer.json()["code"]) == (409, "MRX-7007")
    assert len(rows(small_world.house, pushes)) == 1


def test_a_key_is_its_token_s_own(pusher: Caller, other: Caller, small_world: World):
    first = pusher.push(BODY, headers=KEY).json()
    second = other.push(lines(member("10000002")), headers=KEY).json()

    assert first["id"] != second["id"]
    assert on_roll(small_world.house) == {"10000001", "10000002"}


def test_while_the_first_is_under_way_the_second_is_told_so(
    pusher: Caller, small_world: World, monkeypatch: pytest.MonkeyPatch
):
    begun, go_on = threading.Event(), threading.Event()
    honest = taking.take

    def slow(*args: Any, **more: Any) -> None:
        begun.set()
        assert go_on.wait(30)
        honest(*args, **more)

    monkeypatch.setattr(taking, "take", slow)
    answers = []
    first = threading.Thread(target=lambda: answers.append(pusher.push(BODY, headers=KEY)))
    first.start()
    assert begun.wait(30)

    second = pusher.push(BODY, headers=KEY)
    go_on.set()
    first.join()

    assert (second.status_code, second.json()["code"]) == (409, "MRX-7008")
    assert answers[0].status_code == 200
    assert pusher.push(BODY, headers=KEY).content == answers[0].content


def test_a_first_that_failed_is_tried_again(
    pusher: Caller, small_world: World, monkeypatch: pytest.MonkeyPatch
):
    with monkeypatch.context() as broken:
        broken.setattr("gateway.intake.push_members.push", lambda *_: 1 / 0)
        assert pusher.push(BODY, headers=KEY).status_code == 500

    assert [row.state for row in rows(small_world.house, pushes)] == ["interrupted"]
    assert pusher.push(BODY, headers=KEY).json()["counts"]["accepted"] == 1


def test_a_problem_is_not_kept(pusher: Caller, small_world: World):
    path = "/members/10000001"
    headers = {"Content-Type": "application/json", **KEY}
    bad = pusher("PUT", path, content=b"{}", headers=headers)
    assert bad.status_code == 422

    assert rows(small_world.house, keys) == []


def test_a_first_that_died_is_carried_out_again(pusher: Caller, small_world: World):
    """Also when its work was done and only its answer was lost: then nothing changes."""
    pusher.push(BODY, headers=KEY)
    dead = worker_name.own().rsplit(":", 2)[0] + ":4194304:1"
    change(small_world, status=None, answer=dead.encode())

    again = pusher.push(BODY, headers=KEY)

    assert (again.status_code, again.json()["counts"]["unchanged"]) == (200, 1)
    assert pusher.push(BODY, headers=KEY).content == again.content


def test_one_of_another_machine_is_not_taken_for_dead_before_a_day_is_over(
    pusher: Caller, small_world: World
):
    pusher.push(BODY, headers=KEY)
    change(small_world, status=None, answer=f"{GONE}:1:1".encode())
    assert pusher.push(BODY, headers=KEY).json()["code"] == "MRX-7008"

    change(small_world, at=datetime.now(UTC) - timedelta(days=1, seconds=1))

    assert pusher.push(BODY, headers=KEY).status_code == 200


def test_a_key_is_kept_for_seven_days(pusher: Caller, small_world: World):
    first = pusher.push(BODY, headers=KEY)
    now = datetime.now(UTC)
    upkeep.tidy(small_world.house, now=now + timedelta(days=6, hours=23))
    assert pusher.push(BODY, headers=KEY).content == first.content

    upkeep.tidy(small_world.house, now=now + timedelta(days=7, hours=1))

    assert rows(small_world.house, keys) == []
    assert pusher.push(BODY, headers=KEY).json()["counts"]["unchanged"] == 1


def test_a_key_too_old_to_be_promised_is_new_before_upkeep_comes(
    pusher: Caller, small_world: World
):
    pusher.push(BODY, headers=KEY)
    change(small_world, at=datetime.now(UTC) - timedelta(days=8))

    answer = pusher.push(lines(member("10000002")), headers=KEY)

    assert answer.status_code == 200


def test_a_list_that_waits_is_not_put_in_line_twice(pusher: Caller, small_world: World):
    everyone = [member(str(10_000_000 + n)) for n in range(30)]
    small_world.push(*everyone)

    first = pusher.push(lines(*everyone[:5]), mode="snapshot", as_of=AS_OF, headers=KEY)
    again = pusher.push(lines(*everyone[:5]), mode="snapshot", as_of=AS_OF, headers=KEY)

    assert (first.status_code, again.status_code) == (409, 409)
    assert again.content == first.content
    assert again.headers["content-type"] == "application/problem+json"
    assert len(rows(small_world.house, pushes)) == 1


@pytest.mark.parametrize("act", ["approve", "discard"])
def test_a_decision_that_comes_again_gets_its_first_answer(
    pusher: Caller, approver: Caller, small_world: World, act: str
):
    everyone = [member(str(10_000_000 + n)) for n in range(30)]
    small_world.push(*everyone)
    body = lines(*everyone[:5])
    waiting = pusher.push(body, mode="snapshot", as_of=AS_OF).json()["push"]["id"]

    first = approver("POST", f"/pushes/{waiting}/{act}", headers=KEY)
    again = approver("POST", f"/pushes/{waiting}/{act}", headers=KEY)

    assert (first.status_code, again.content) == (200, first.content)


@pytest.mark.parametrize("key", ["", "x" * 201, "with blank", "caf\u00e9".encode()])
def test_a_key_is_a_short_word(pusher: Caller, key: str | bytes):
    answer = pusher.push(BODY, headers={"Idempotency-Key": key})

    assert (answer.status_code, answer.json()["code"]) == (422, "MRX-7003")


def test_a_heartbeat_and_a_put_know_keys_too(pusher: Caller):
    for method, path, fields in (
        ("POST", "/heartbeat", {"as_of": AS_OF}),
        ("PUT", "/members/10000001", member("10000001")),
    ):
        headers = {"Idempotency-Key": path.replace("/", "-")}
        first = pusher(method, path, json=fields, headers=headers)
        assert first.status_code == 200, first.text
        assert pusher(method, path, json=fields, headers=headers).content == first.content
        other = {"as_of": "2026-01-01T00:00:00Z"}
        assert pusher(method, path, json=other, headers=headers).json()["code"] == "MRX-7007"


def test_a_revoked_token_s_key_answers_nobody(client, small_world: World):
    from gateway import tokens

    caller = Caller(client, small_world.house, (Scope.PUSH,))
    caller.push(BODY, headers=KEY)
    with small_world.house.database.write() as tx:
        token = caller.headers["Authorization"].split("_")[1]
        tokens.revoke(tx, token, by="test", now=datetime.now(UTC))

    assert caller.push(BODY, headers=KEY).status_code == 401
