"""Replays: what was turned down goes again, once each, whatever happens on the way."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from gateway import replaying
from gateway.acts import approvals
from gateway.acts import replays as acts
from gateway.acts.approvals import State as ApprovalState
from gateway.identity.actor import Actor, at_the_shell
from gateway.identity.roles import Role, rights
from gateway.views import replays as view
from gateway.views.replays import Replay, State
from outbox import ledger, turned_down
from schemas.errors import BadRequest
from schemas.tables import lanes, pending
from tests.conftest import BOTH
from tests.gateway.acts.entries import entries as entries_of
from tests.gateway.turned_down import ACCOUNTS, refused, refusing, waiting
from tests.world import World, hastened, honest, member

JANE = Actor("jane", rights({Role.OPERATOR}))
MARY = Actor("mary", rights({Role.APPROVER}))
CODE = "MRX-2210"


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def world(small_world: World) -> World:
    refused(small_world, ACCOUNTS)
    return small_world


def start(world: World, code: str | None = CODE, **more: bool) -> Replay:
    return acts.start(
        world.house, JANE, "mx-neec", code, reason="repaired", now=world.clock(), **more
    )


def run(world: World, *, chunk: int = 3) -> None:
    while replaying.go_on(world.house, now=world.clock(), chunk=chunk):
        pass


def now_so(world: World, replay: Replay) -> Replay:
    with world.house.database.read() as tx:
        return view.get(tx, replay.id)


def entries(world: World, kind: str) -> list[dict[str, Any]]:
    return entries_of(world.house, kind)


def test_a_preview_says_how_many_go_and_why_the_others_do_not(world: World):
    with world.house.database.read() as tx:
        seen = view.preview(tx, world.house, "mx-neec", CODE, now=world.clock.now)
    assert (seen.matched.n, seen.goes, seen.skipped, seen.gate) == (7, 7, {}, None)
    assert (seen.whole, seen.possible, seen.for_two) == (True, True, False)

    with world.house.database.write() as tx:  # the format cannot say it any more
        tx.execute(
            update(pending).where(pending.c.account == ACCOUNTS[0]).values(blocked="MRX-2101")
        )
    late = world.clock.now + timedelta(days=30)
    with world.house.database.read() as tx:
        seen = view.preview(tx, world.house, "mx-neec", CODE, now=late)

    assert (seen.matched.n, seen.goes, seen.skipped) == (6, 0, {"MRX-2207": 6})
    assert (seen.gate, seen.possible) == ("MRX-2207", False)


def test_it_runs_in_chunks_and_all_that_was_turned_down_is_told(world: World):
    replay = start(world)
    assert replay.state is State.RUNNING

    assert replaying.go_on(world.house, now=world.clock(), chunk=3)
    first = now_so(world, replay)
    assert (first.retold, first.looked_at, first.state) == (3, 3, State.RUNNING)
    assert [code for code in waiting(world).values() if code is None] == [None] * 3

    run(world)
    done = now_so(world, replay)
    assert (done.retold, done.state, done.ended_by) == (7, State.DONE, "the gateway")
    world.deliver()
    assert waiting(world) == {}
    assert (len(world.wire.journal), world.states()) == (1, ["settled", "settled"])


def test_killed_between_and_in_the_middle_of_chunks_it_goes_on_where_it_was(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    replay = start(world)
    replaying.go_on(world.house, now=world.clock(), chunk=3)
    after_first = now_so(world, replay)

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ledger, "add", killed)
        with pytest.raises(KeyboardInterrupt):
            replaying.go_on(world.house, now=world.clock(), chunk=3)

    assert now_so(world, replay) == after_first, "the chunk is not half done"
    assert list(waiting(world).values()).count(None) == 3
    run(world)
    assert now_so(world, replay).retold == 7
    told = [account for entry in entries(world, "replayed") for account in entry["retold"]]
    assert told == ACCOUNTS, "each once"


def test_what_has_nothing_left_to_tell_goes_from_the_list_and_is_counted(world: World):
    # They hold exactly this after all: the refusal was repaired by hand, over there and here.
    run_all = start(world)
    run(world)
    world.deliver()
    assert now_so(world, run_all).state is State.DONE
    with world.house.database.write() as tx:
        lane = tx.scalar(routine())
        tx.execute(
            pending.insert().values(
                partner="mx-neec",
                account=ACCOUNTS[0],
                ref="",
                lane_id=lane,
                rank=5,
                since=world.clock.now,
                blocked=CODE,
            )
        )

    with world.house.database.read() as tx:
        seen = view.preview(tx, world.house, "mx-neec", CODE, now=world.clock.now)
    assert (seen.goes, seen.skipped) == (0, {turned_down.UP_TO_DATE: 1})
    again = start(world)
    run(world)

    done = now_so(world, again)
    assert (done.retold, done.skipped) == (0, {turned_down.UP_TO_DATE: 1})
    assert waiting(world) == {}


def routine():
    return select(lanes.c.id).where(lanes.c.partner == "mx-neec", lanes.c.kind == "routine")


def test_what_may_not_be_told_now_stays_as_it_is(world: World):
    replay = start(world)
    late = world.clock.now + timedelta(days=30)

    while replaying.go_on(world.house, now=late, chunk=3):
        pass

    done = now_so(world, replay)
    assert (done.retold, done.skipped) == (0, {"MRX-2207": 7})
    assert set(waiting(world).values()) == {CODE}


def test_consent_is_read_when_it_leaves_not_when_it_is_replayed(world: World):
    start(world)
    run(world)
    world.revoke(ACCOUNTS[0], of="mx-neec")

    world.deliver()

    held = world.held("mx-neec")
    assert len(held) == 6
    assert member(ACCOUNTS[0])["name"] not in held


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

    replaying.drop_refused(world.house, now=world.clock())

    assert now_so(world, replay).state is State.CANCELLED
    assert start(world).state is State.RUNNING, "another one may be asked for"


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


def test_started_paused_it_is_pending_and_does_not_leave(world: World):
    start(world, paused=True)
    run(world)
    world.deliver()
    assert set(waiting(world).values()) == {None}
    assert world.wire.journal == []
    assert [entry["by"] for entry in entries(world, "paused")] == ["jane"]


def test_it_tells_no_more_again_than_matched_when_it_was_asked_for(world: World):
    replay = start(world)
    replaying.go_on(world.house, now=world.clock(), chunk=3)
    more = [str(20000001 + n) for n in range(3)]
    world.push(*map(member, more))
    world.grant(*more)
    with world.house.database.write() as tx:
        tx.execute(update(pending).where(pending.c.account.in_(more)).values(blocked=CODE))

    run(world)

    assert now_so(world, replay).looked_at == 7
    assert [code for account, code in waiting(world).items() if account in more] == [CODE] * 3


def test_what_was_turned_down_since_neither_goes_nor_keeps_the_others_from_going(world: World):
    """These come first by account, and wait in an unanswered batch when the replay is asked for."""
    before, since = ["00000011", "00000012"], ["00000013"]
    world.push(*map(member, before))
    world.grant(*before, to=["mx-neec"])
    replay = start(world)
    world.push(*map(member, since))
    world.grant(*since, to=["mx-neec"])
    world.wire.answer = refusing(world, [*before, *since])
    world.deliver()
    world.wire.answer = honest
    assert list(waiting(world).values()) == [CODE] * 10

    run(world)

    done = now_so(world, replay)
    assert (done.matched, done.retold, done.state) == (7, 7, State.DONE)
    told = [account for entry in entries(world, "replayed") for account in entry["retold"]]
    assert told == ACCOUNTS
    left = {account for account, code in waiting(world).items() if code == CODE}
    assert left == {*before, *since}


@pytest.mark.parametrize(
    ("code", "why"), [("MRX-2101", "MRX-5066"), ("MRX-2107", "MRX-5066"), ("MRX-0000", "MRX-5018")]
)
def test_what_telling_again_does_not_repair_is_not_replayed(world: World, code: str, why: str):
    with pytest.raises(BadRequest, match=why):
        start(world, code)


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


def test_two_runners_at_once_tell_each_notice_once(world: World):
    replay = start(world)
    other = hastened(world.house)

    for _ in range(3):
        replaying.go_on(world.house, now=world.clock(), chunk=2)
        replaying.go_on(other, now=world.clock(), chunk=2)

    told = [account for entry in entries(world, "replayed") for account in entry["retold"]]
    assert told == ACCOUNTS
    assert now_so(world, replay).retold == 7
