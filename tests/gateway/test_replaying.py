"""Replays: what was turned down goes again, once each, whatever happens on the way."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from gateway import replaying
from gateway.views import replays as view
from gateway.views.replays import State
from outbox import ledger, turned_down
from schemas.tables import lanes, pending
from tests.conftest import BOTH
from tests.gateway.replays import CODE, entries, now_so, run, start
from tests.gateway.turned_down import ACCOUNTS, refused, refusing, waiting
from tests.world import World, hastened, honest, member


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def world(small_world: World) -> World:
    refused(small_world, ACCOUNTS)
    return small_world


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


def test_two_runners_at_once_tell_each_notice_once(world: World):
    replay = start(world)
    other = hastened(world.house)

    for _ in range(3):
        replaying.go_on(world.house, now=world.clock(), chunk=2)
        replaying.go_on(other, now=world.clock(), chunk=2)

    told = [account for entry in entries(world, "replayed") for account in entry["retold"]]
    assert told == ACCOUNTS
    assert now_so(world, replay).retold == 7
