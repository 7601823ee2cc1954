"""`mrx push list`, `release` and `refuse`: a second person's word at the shell; `mrx ledger`."""

import orjson
import pytest
from fastapi.testclient import TestClient

from gateway.cli import exits
from gateway.tokens import Scope
from tests.gateway.api.doors import application
from tests.gateway.api.source.push_calls import Caller, lines
from tests.gateway.cli.command import Mrx
from tests.world import World, member

ALL = [member(str(10_000_000 + n)) for n in range(30)]


@pytest.fixture
def waiting(mrx: Mrx, world: World) -> str:
    """A full list of five where thirty are known."""
    world.push(*ALL)
    pusher = Caller(TestClient(application(world.house)), world.house, (Scope.PUSH,))
    answer = pusher.push(lines(*ALL[:5]), mode="snapshot")
    return str(answer.json()["push"]["id"])


def test_it_is_listed_and_shown_with_what_would_go(mrx: Mrx, waiting: str):
    [one] = mrx.json("push", "list", "--state", "waiting")
    shown = mrx.json("push", "show", waiting)

    assert (one["id"], one["going"]) == (waiting, 25)
    assert shown["pushed_by"] == "invented"
    assert shown["over_the_guard"][0] == {"where": "roll", "withdrawn": 25, "of": 30}
    assert mrx.json("push", "rejected", waiting) == []


def test_a_list_says_that_there_is_more(mrx: Mrx, world: World, waiting: str):
    pusher = Caller(TestClient(application(world.house)), world.house, (Scope.PUSH,))
    pusher.push(lines(*ALL))

    one = mrx("push", "list", "--limit", 1, "--json")
    both = mrx("push", "list", "--limit", 2, "--json")

    [last] = orjson.loads(one.stdout)
    assert [push["id"] for push in orjson.loads(both.stdout)] == [last["id"], waiting]
    assert ("There are more" in one.stderr, "There are more" in both.stderr) == (True, False)


def test_it_is_released_by_who_types_the_number(mrx: Mrx, waiting: str):
    wrong = mrx("push", "release", waiting, "--gone", 24, "--reason", "why", code=exits.FAILED)
    assert "MRX-7024" in wrong.stderr

    done = mrx.json("push", "release", waiting, "--gone", 25, "--reason", "they left")

    assert (done["state"], done["approved_by"]) == ("done", "jdoe")
    late = mrx("push", "refuse", waiting, "--reason", "late", code=exits.FAILED)
    assert "MRX-7015" in late.stderr


def test_it_is_refused(mrx: Mrx, waiting: str):
    assert mrx.json("push", "refuse", waiting, "--reason", "cut off")["state"] == "discarded"

    [entry] = mrx.json("ledger", "tail", "--kind", "push discarded")
    assert (entry["by"], entry["entry"]["reason"]) == ("jdoe", "cut off")


def test_the_ledger_is_listed_by_person_and_taken_out(mrx: Mrx, waiting: str):
    mrx("push", "refuse", waiting, "--reason", "cut off", USER="anna")

    assert [one["kind"] for one in mrx.json("ledger", "tail", "--by", "anna")] == ["push discarded"]
    assert mrx.json("ledger", "tail", "--by", "nobody") == []
    taken = [orjson.loads(line) for line in mrx("ledger", "export").stdout_bytes.splitlines()]
    assert [row["position"] for row in taken] == list(range(1, len(taken) + 1))
    assert mrx.json("ledger", "tail", "--most", 1)[0]["kind"] == "ledger exported"
