"""Asking for a replay, deciding it, cancelling it."""

import pytest

from gateway import replaying
from gateway.acts import approvals
from gateway.acts import replays as acts
from gateway.acts.approvals import State as ApprovalState
from gateway.identity.actor import Actor, at_the_shell
from gateway.identity.roles import Role, rights
from gateway.views import replays as view
from gateway.views.replays import State
from schemas.errors import BadRequest
from tests.conftest import BOTH
from tests.gateway.replays import CODE, JANE, MARY, entries, now_so, run, start
from tests.gateway.turned_down import ACCOUNTS, refused, waiting
from tests.world import World


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def world(small_world: World) -> World:
    refused(small_world, ACCOUNTS)
    return small_world


def test_cancelled_the_rest_stays_and_what_was_told_again_goes(world: World):
    replay = start(world)
    replaying.go_on(world.house, now=world.clock(), chunk=3)

    acts.cancel(world.house, JANE, replay.id, reason="wrong cause", now=world.clock())
    run(world)

    ended = now_so(world, replay)
    assert (ended.state, ended.retold, ended.ended_by) == (State.CANCELLED, 3, "jane")
    assert list(waiting(world).values()).count(CODE) == 4
    assert entries(world, "replay cancelled") == [
        {"replay": replay.id, "by": "jane", "reason": "wrong cause", "retold": 3, "skipped": {}}
    ]
    with pytest.raises(BadRequest, match="MRX-7015"):
        acts.cancel(world.house, JANE, replay.id, reason="again", now=world.clock())


def test_every_cause_at_once_waits_for_a_second_person(world: World):
    replay = start(world, None)
    assert replay.state is State.WAITING
    run(world)
    assert set(waiting(world).values()) == {CODE}, "nothing happens yet"
    with pytest.raises(BadRequest, match="MRX-7022"):
        start(world)
    with world.house.database.read() as tx:
        asked = approvals.waiting(tx, acts.ACT, partner="mx-neec", subject=replay.id)
    assert asked is not None

    both = Actor("jane", rights({Role.OPERATOR, Role.APPROVER}))
    with pytest.raises(BadRequest, match="MRX-7014"):
        approvals.decide(
            world.house, both, asked.id, approve=True, reason="mine", now=world.clock()
        )
    approvals.decide(world.house, MARY, asked.id, approve=True, reason="seen", now=world.clock())
    run(world)

    assert now_so(world, replay).retold == 7


def test_over_a_thousand_notices_wait_for_a_second_person(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(view, "ALONE_MAX", 6)

    assert start(world).state is State.WAITING


def test_refused_by_the_second_person_it_is_cancelled(world: World):
    replay = start(world, None)
    with world.house.database.read() as tx:
        asked = approvals.waiting(tx, acts.ACT, partner="mx-neec", subject=replay.id)
    decided = approvals.decide(
        world.house, MARY, asked.id, approve=False, reason="not yet", now=world.clock()
    )
    assert decided.state is ApprovalState.REFUSED
    assert replaying.unfinished(world.house) == (True, [])

    replaying.drop_refused(world.house, now=world.clock())

    assert now_so(world, replay).state is State.CANCELLED
    assert replaying.unfinished(world.house) == (False, [])
    another = start(world)
    assert another.state is State.RUNNING, "another one may be asked for"
    assert replaying.unfinished(world.house) == (False, [another.id])


def test_cancelled_while_it_waits_it_cannot_be_approved_any_more(world: World):
    replay = start(world, None)
    with world.house.database.read() as tx:
        asked = approvals.waiting(tx, acts.ACT, partner="mx-neec", subject=replay.id)
    acts.cancel(world.house, JANE, replay.id, reason="changed my mind", now=world.clock())

    with world.house.database.read() as tx:
        void = approvals.get(tx, asked.id)
    assert (void.state, void.decided_by) == (ApprovalState.REFUSED, "jane")
    with pytest.raises(BadRequest, match="MRX-5022"):
        approvals.decide(world.house, MARY, asked.id, approve=True, reason="?", now=world.clock())
    run(world)

    assert now_so(world, replay).state is State.CANCELLED
    assert set(waiting(world).values()) == {CODE}


def test_a_yes_to_a_replay_that_waits_no_longer_says_so(world: World):
    replay = start(world, None)
    with world.house.database.write() as tx:
        asked = approvals.waiting(tx, acts.ACT, partner="mx-neec", subject=replay.id)
        acts.end(tx, replay, State.CANCELLED, by="jane", reason="?", now=world.clock())

    with pytest.raises(BadRequest, match="MRX-7015"):
        approvals.decide(world.house, MARY, asked.id, approve=True, reason="?", now=world.clock())

    assert entries(world, "approval approved") == []


def test_without_the_right_it_is_refused_and_kept(world: World):
    viewer = Actor("vera", rights({Role.VIEWER}))
    replay = start(world)

    with pytest.raises(BadRequest, match="MRX-7017"):
        acts.start(world.house, viewer, "mx-neec", CODE, reason="no", now=world.clock())
    with pytest.raises(BadRequest, match="MRX-7017"):
        acts.cancel(world.house, viewer, replay.id, reason="no", now=world.clock())

    refusals = [(entry["act"], entry["by"]) for entry in entries(world, "act refused")]
    assert refusals == [("replay", "vera"), ("cancel a replay", "vera")]


@pytest.mark.parametrize("reason", ["", "  ", "two\nlines", "x" * 501])
def test_it_needs_a_reason(world: World, reason: str):
    with pytest.raises(BadRequest, match="MRX-7023"):
        acts.start(
            world.house, at_the_shell("root"), "mx-neec", CODE, reason=reason, now=world.clock()
        )
