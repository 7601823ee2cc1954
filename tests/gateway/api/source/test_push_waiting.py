"""A full list over the guard waits, until a second token lets it in or somebody gives it up."""

import pytest

from gateway import spool, upkeep
from gateway.tokens import Scope
from schemas.tables import ledger, pushes
from tests.gateway.api.source.push_calls import AS_OF, Caller, lines, on_roll, rows, spooled
from tests.world import World, member

ALL = [member(str(10_000_000 + n)) for n in range(30)]
FEW = lines(*ALL[:5], member("1"))


@pytest.fixture
def waiting(pusher: Caller, small_world: World) -> str:
    """The id of a full list of five where thirty are known."""
    small_world.push(*ALL)
    answer = pusher.push(FEW, mode="snapshot", as_of=AS_OF)
    assert answer.status_code == 409, answer.text
    return answer.json()["push"]["id"]


@pytest.fixture
def short(pusher: Caller, small_world: World) -> str:
    """The same without a line that hides who it is about, so that people are missing."""
    small_world.push(*ALL)
    answer = pusher.push(lines(*ALL[:5]), mode="snapshot", as_of=AS_OF)
    assert answer.status_code == 409, answer.text
    return answer.json()["push"]["id"]


def test_a_full_list_over_the_guard_waits_and_the_answer_has_its_plan(
    pusher: Caller, small_world: World
):
    small_world.push(*ALL)

    answer = pusher.push(lines(*ALL[:5], member("10000040")), mode="snapshot", as_of=AS_OF)

    assert answer.status_code == 409
    problem = answer.json()
    assert problem["code"] == "MRX-7013"
    told = problem["push"]
    assert (told["state"], told["waiting"]) == (
        "waiting",
        [{"where": "roll", "withdrawn": 25, "of": 30}],
    )
    assert told["plan"]["mx-neec"]["no_consent"] == 6
    assert len(on_roll(small_world.house)) == 30
    assert spooled(small_world.house) == {told["id"]}
    assert pusher("GET", f"/pushes/{told['id']}").json() == told


def test_the_body_waits_for_the_gateway_alone(short: str, small_world: World):
    file = spool.folder(small_world.house) / short

    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_list_with_a_line_of_nobody_withdraws_nobody_and_need_not_wait(
    pusher: Caller, small_world: World
):
    small_world.push(*ALL)

    told = pusher.push(FEW, mode="snapshot", as_of=AS_OF).json()

    assert (told["state"], told["counts"]["withdrawn"]) == ("done", 0)
    assert "nobody is withdrawn" in told["note"]


def test_another_token_lets_it_in(approver: Caller, short: str, small_world: World):
    assert approver("GET", f"/pushes/{short}").json()["state"] == "waiting"

    answer = approver("POST", f"/pushes/{short}/approve")

    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["state"], told["counts"]["withdrawn"]) == ("done", 25)
    assert told["approved_by"] in approver.headers["Authorization"]
    assert len(on_roll(small_world.house)) == 5
    assert spooled(small_world.house) == set()
    entry = [one for one in rows(small_world.house, ledger) if one.kind == "members pushed"][-1]
    assert f'"approved_by":"token {told["approved_by"]}"' in entry.entry
    assert approver("GET", f"/pushes/{short}").json() == told


def test_nobody_approves_a_push_of_their_own(small_world: World, client):
    both = Caller(client, small_world.house, (Scope.PUSH, Scope.APPROVE))
    small_world.push(*ALL)
    waiting = both.push(lines(*ALL[:5]), mode="snapshot", as_of=AS_OF).json()["push"]["id"]

    answer = both("POST", f"/pushes/{waiting}/approve")

    assert (answer.status_code, answer.json()["code"]) == (403, "MRX-7014")
    assert len(on_roll(small_world.house)) == 30
    assert both("GET", f"/pushes/{waiting}").json()["state"] == "waiting"
    assert spooled(small_world.house) == {waiting}


@pytest.mark.parametrize("act", ["approve", "discard"])
def test_what_is_decided_is_decided(approver: Caller, short: str, act: str):
    assert approver("POST", f"/pushes/{short}/approve").status_code == 200

    again = approver("POST", f"/pushes/{short}/{act}")

    assert (again.status_code, again.json()["code"]) == (409, "MRX-7015")


@pytest.mark.parametrize("who", ["pusher", "approver"])
def test_a_waiting_list_is_given_up(
    who: str, short: str, small_world: World, request: pytest.FixtureRequest, pusher: Caller
):
    answer = request.getfixturevalue(who)("POST", f"/pushes/{short}/discard")

    assert (answer.status_code, answer.json()["state"]) == (200, "discarded")
    assert spooled(small_world.house) == set()
    assert len(on_roll(small_world.house)) == 30
    assert pusher("GET", f"/pushes/{short}").json()["state"] == "discarded"


def test_the_same_list_again_waits_on_its_own(pusher: Caller, short: str, small_world: World):
    answer = pusher.push(lines(*ALL[:5]), mode="snapshot", as_of=AS_OF)

    assert answer.status_code == 409
    assert spooled(small_world.house) == {short, answer.json()["push"]["id"]}


def test_its_rejections_are_told_once_before_and_after(
    pusher: Caller, approver: Caller, small_world: World
):
    small_world.push(*ALL)
    bad = {**member("10000004"), "name": ""}
    body = lines(*ALL[:4], bad)
    waiting = pusher.push(body, mode="snapshot", as_of=AS_OF).json()["push"]
    assert [(r["line"], r["code"]) for r in waiting["rejections"]] == [(5, "MRX-1102")]

    told = approver("POST", f"/pushes/{waiting['id']}/approve").json()

    assert told["rejections"] == waiting["rejections"]
    assert told["counts"]["withdrawn"] == 25


def test_a_dry_run_over_the_guard_is_answered_and_waits_for_nobody(
    pusher: Caller, small_world: World
):
    small_world.push(*ALL)

    answer = pusher.push(lines(*ALL[:5]), mode="snapshot", as_of=AS_OF, dry_run=True)

    assert (answer.status_code, answer.json()["state"]) == (200, "done")
    assert answer.json()["waiting"] == [{"where": "roll", "withdrawn": 25, "of": 30}]
    assert spooled(small_world.house) == set()


def test_upkeep_leaves_what_waits(short: str, small_world: World, approver: Caller):
    upkeep.tidy(small_world.house, now=small_world.clock())

    assert spooled(small_world.house) == {short}
    assert approver("POST", f"/pushes/{short}/approve").json()["state"] == "done"


# -- who sees what ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("GET", "/rejections"), ("POST", "/discard")],
)
def test_another_token_s_push_is_as_unknown_as_none(
    pusher: Caller, other: Caller, approver: Caller, method: str, path: str
):
    done = pusher.push(lines(member("10000001"))).json()["id"]
    for stranger in (other, approver):
        theirs = stranger(method, f"/pushes/{done}{path}")
        none = stranger(method, f"/pushes/{'0' * 16}{path}")

        assert (theirs.status_code, none.status_code) == (404, 404)
        assert theirs.json() == none.json()


def test_another_pusher_does_not_see_what_waits(other: Caller, short: str):
    assert other("GET", f"/pushes/{short}").status_code == 404
    assert other("GET", "/pushes").json()["items"] == []
    assert other("POST", f"/pushes/{short}/discard").status_code == 404
    assert other("POST", f"/pushes/{short}/approve").status_code == 403


def test_pushes_are_listed_page_by_page(
    pusher: Caller, other: Caller, approver: Caller, short: str
):
    mine = [short, *(pusher.push(lines(member("10000001"))).json()["id"] for _ in range(3))]
    other.push(lines(member("10000001")))

    found: list[str] = []
    path = "/pushes?limit=2"
    while path:
        page = pusher("GET", path)
        found += [one["id"] for one in page.json()["items"]]
        following = page.json()["next"]
        assert (following is None) == ("link" not in page.headers)
        path = following and f"/pushes?limit=2&after={following}"

    assert found == mine
    assert [one["id"] for one in approver("GET", "/pushes").json()["items"]] == [short]


def test_the_register_keeps_no_company_data(pusher: Caller, small_world: World):
    pusher.push(lines(member("10000001"), member("10000002", status="?")))

    assert "Invented" not in str(rows(small_world.house, pushes))
    assert "1000000" not in str([one.report for one in rows(small_world.house, pushes)])
