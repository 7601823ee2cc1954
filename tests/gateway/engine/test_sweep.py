"""The direct sweep does without Redis whatever Redis did not bring about."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from gateway.app import build
from gateway.engine import sweep as sweeps
from gateway.engine.sweep import UNHEARD_SECONDS, Sweep
from gateway.settings import Settings
from outbox import delivery, lane, worker_name
from partners import agreements
from schemas.batch import Lane
from schemas.tables import batches, lanes
from tests.gateway.engine.cluster import until
from tests.gateway.sandbox.bad_partner import served
from tests.world import ONE, World, member


@pytest.fixture
def sweep(waiting: World) -> Iterator[Sweep]:
    made = Sweep(waiting.house)
    yield made
    for hands in made._hands.values():
        hands.shutdown(cancel_futures=True)
    made._transport.close()


def kinds(found: list) -> list[Lane]:
    return [one.kind for one in found]


def test_a_routine_lane_is_left_to_its_wake_up_for_a_while(waiting: World, sweep: Sweep):
    assert sweep.look(now=100) == []
    assert sweep.look(now=100 + UNHEARD_SECONDS - 0.1) == []
    assert kinds(sweep.look(now=100 + UNHEARD_SECONDS)) == [Lane.ROUTINE]


def test_one_that_was_taken_meanwhile_gets_its_time_anew(waiting: World, sweep: Sweep):
    assert sweep.look(now=100) == []
    with waiting.house.database.write() as tx:
        tx.execute(update(lanes).values(fence=lanes.c.fence + 1))

    assert sweep.look(now=100 + UNHEARD_SECONDS) == []
    assert kinds(sweep.look(now=100 + 2 * UNHEARD_SECONDS)) == [Lane.ROUTINE]


def test_an_urgent_lane_is_taken_in_hand_at_once(waiting: World, sweep: Sweep):
    world = replace(waiting, clock=waiting.clock)
    sweep._work("mx-neec", Lane.ROUTINE)
    assert world.held("mx-neec") == {ONE: "VALIDATED"}
    world.revoke("10000001", of="mx-neec")

    assert kinds(sweep.look(now=100)) == [Lane.URGENT]


def test_what_is_due_rings_the_bell(waiting: World, sweep: Sweep):
    before = waiting.house.bell.strokes
    sweep.look(now=100)
    assert waiting.house.bell.strokes == before + 1

    sweep._work("mx-neec", Lane.ROUTINE)
    sweep.look(now=101)
    assert waiting.house.bell.strokes == before + 1, "nothing is due any more"


def test_a_lane_that_is_leased_or_put_off_or_paused_is_left_alone(waiting: World, sweep: Sweep):
    later = datetime.now(UTC) + timedelta(seconds=20)
    for put in ({"leased_until": later, "leased_by": "elsewhere:1:1"}, {"look_at": later}):
        with waiting.house.database.write() as tx:
            tx.execute(update(lanes).values(look_at=lane.LONG_AGO, leased_until=lane.LONG_AGO))
            tx.execute(update(lanes).values(**put))
        sweep.look(now=100)
        assert sweep.look(now=200) == []
    with waiting.house.database.write() as tx:
        tx.execute(update(lanes).values(look_at=lane.LONG_AGO, leased_until=lane.LONG_AGO))
        lane.pause(tx, "mx-neec", by="Ana", reason="why", now=datetime.now(UTC))
    sweep.look(now=300)
    assert sweep.look(now=400) == []


def test_the_lease_of_a_process_that_died_here_is_ended(waiting: World, sweep: Sweep):
    host = worker_name.own().partition(":")[0]
    later = datetime.now(UTC) + timedelta(seconds=20)
    with waiting.house.database.write() as tx:
        tx.execute(update(lanes).values(leased_by=f"{host}:999999999:1/task", leased_until=later))

    sweep.look(now=100)

    assert kinds(sweep.look(now=100 + UNHEARD_SECONDS)) == [Lane.ROUTINE]


@pytest.mark.slow
def test_a_lane_with_much_to_tell_takes_turns_with_the_others(
    whole_world: World, monkeypatch: pytest.MonkeyPatch
):
    """One hand, two partners, four batches each: neither is told all before the other begins."""
    monkeypatch.setattr(sweeps, "THREADS", {Lane.URGENT: 1, Lane.ROUTINE: 1})
    monkeypatch.setattr(delivery, "STEPS", 1)
    world, both = whole_world, ("mx-neec", "ca-pip")
    world.clock.now = datetime.now(UTC)
    accounts = [f"1000000{n}" for n in range(4)]
    world.push(*map(member, accounts))
    for partner in both:
        for account in accounts:
            world.grant(account, to=[partner])
    monkeypatch.setattr(lane, "BATCH_MAX", 1)
    with world.house.database.write() as tx:
        tx.execute(update(lanes).values(batch_max=1))
    with ExitStack() as stack:
        for partner in both:
            end = world.partners[partner]
            url = stack.enter_context(served(build(end, Settings(home=end.folder))))
            with world.house.database.write() as tx:
                agreements.change(tx, partner, push_url=url)
        sweep = Sweep(world.house)
        sweep.look(now=100)
        for one in sweep.look(now=100 + UNHEARD_SECONDS):
            sweep._hand_over(one)
        until(lambda: sweep.look(now=100) == [] and world.states() == ["settled"] * 8)
        for hands in sweep._hands.values():
            hands.shutdown()
        sweep._transport.close()

    query = select(lanes.c.partner).join(batches, batches.c.lane_id == lanes.c.id)
    with world.house.database.read() as tx:
        told = list(tx.scalars(query.order_by(batches.c.first_sent_at)))
    assert set(told[:2]) == set(told[2:4]) == set(both)


@pytest.mark.slow
def test_running_it_delivers_with_no_redis_at_all(waiting: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sweeps, "EVERY_SECONDS", 0.05)
    monkeypatch.setattr(sweeps, "UNHEARD_SECONDS", 0.2)
    sweep = Sweep(waiting.house)
    sweep.start()
    try:
        until(lambda: waiting.states() == ["settled"])
        waiting.revoke("10000001", of="mx-neec")
        until(lambda: waiting.states() == ["settled", "settled"])
    finally:
        sweep.stop()

    assert waiting.held("mx-neec") == {}
