"""A lane is leased whole, by one at a time; a dead holder is told from a living one."""

import multiprocessing
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from gateway.home import open_home
from gateway.settings import Settings
from outbox import backlog, batch, lane, release, rest, retry, worker_name
from outbox.lane import Taken
from schemas.batch import Lane
from schemas.consent import Event
from schemas.database import Database
from schemas.errors import BadRequest
from schemas.tables import lanes
from tests.world import NEVER_ARRIVED, ONE, START, World, member, told

LEASE = timedelta(seconds=60)


def take(database: Database, worker: str = "test:0:0", **more: object) -> Taken | None:
    with database.write() as tx:
        return lane.take(tx, worker=worker, now=more.pop("now", START), lease=LEASE, **more)


@pytest.fixture
def busy(whole_world: World) -> World:
    whole_world.push(member("10000001"), member("10000002", status="SUSPENDED"))
    whole_world.grant("10000001", "10000002")
    return whole_world


def test_urgent_lanes_are_taken_first_and_each_lane_once(busy: World):
    taken = []
    while one := take(busy.house.database):
        taken.append(one)

    assert [one.kind for one in taken] == [Lane.URGENT] * 5 + [Lane.ROUTINE] * 5
    assert len({one.id for one in taken}) == 10


def test_an_expired_lease_is_taken_over_under_a_higher_fence(busy: World):
    first = take(busy.house.database, only="ca-pip")
    assert first is not None
    later = START + LEASE + timedelta(seconds=1)

    fences = [
        one.fence for _ in range(2) if (one := take(busy.house.database, now=later, only="ca-pip"))
    ]

    assert sorted(fences) == [1, 2]


def test_a_lane_with_nothing_to_tell_is_not_taken(whole_world: World):
    assert take(whole_world.house.database) is None


def test_a_paused_lane_is_not_taken_but_its_urgent_sister_is(busy: World):
    with busy.house.database.write() as tx:
        lane.pause(tx, "ca-pip", by="test", reason="maintenance", now=START)

    assert [one.kind for _ in range(3) if (one := take(busy.house.database, only="ca-pip"))] == [
        Lane.URGENT
    ]


def test_giving_back_under_an_old_fence_changes_nothing(busy: World):
    old = take(busy.house.database, only="ca-pip")
    assert old is not None
    new = take(busy.house.database, now=START + 2 * LEASE, only="ca-pip", rank_max=0)
    with busy.house.database.write() as tx:
        lane.give_back(tx, old)
    with busy.house.database.read() as tx:
        holder = tx.execute(select(lanes).where(lanes.c.id == old.id)).one()

    assert new is not None
    assert new.id == old.id
    assert holder.leased_by == "test:0:0"


def _grab(told: Mapping[str, object], start: object, found: object) -> None:
    database = open_home(Settings(**told)).database
    start.wait()  # type: ignore[attr-defined]
    ids = []
    while one := take(database, worker=f"p{os.getpid()}:0:0"):
        ids.append(one.id)
    found.put(ids)  # type: ignore[attr-defined]


@pytest.mark.processes
def test_of_several_processes_exactly_one_gets_each_lane(busy: World):
    context = multiprocessing.get_context("spawn")
    start, found = context.Barrier(3), context.Queue()
    racers = [
        context.Process(target=_grab, args=(told(busy.house), start, found)) for _ in range(3)
    ]
    for racer in racers:
        racer.start()

    won = [found.get(timeout=60) for _ in racers]
    for racer in racers:
        racer.join()

    ids = [one for ids in won for one in ids]
    assert len(ids) == len(set(ids)) == 10


def test_this_process_is_alive_and_a_finished_one_is_dead():
    done = subprocess.run(
        [sys.executable, "-c", "from outbox import worker_name; print(worker_name.own())"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert not worker_name.dead(worker_name.own())
    assert worker_name.dead(done.stdout.strip())
    assert not worker_name.dead("elsewhere.example:1:1"), "nobody knows about another host"


def test_the_leases_of_the_dead_are_ended_and_those_of_the_living_are_not(busy: World):
    gone = take(busy.house.database, worker=f"{worker_name.own().split(':')[0]}:999999999:1")
    alive = take(busy.house.database, worker=f"{worker_name.own()}/3")
    with busy.house.database.write() as tx:
        lane.bury(tx)
        held = {row.id: row.leased_by for row in tx.execute(select(lanes))}

    assert gone is not None
    assert alive is not None
    assert held[gone.id] is None
    assert held[alive.id] == f"{worker_name.own()}/3"


@pytest.mark.parametrize("kind", [*Lane])
def test_waits_grow_to_a_ceiling_and_never_end(kind: Lane):
    waits = [retry.delay(kind, n, max(0, n - 5), dice=1.0) for n in range(1, 40)]

    assert waits == sorted(waits)
    assert waits[-1] == (timedelta(seconds=60) if kind is Lane.URGENT else timedelta(minutes=15))


@pytest.mark.parametrize("dice", [0.0, 0.5, 1.0])
def test_no_peer_parks_a_withdrawal_for_a_year(dice: float):
    asked = timedelta(days=365)

    assert retry.delay(Lane.URGENT, 1, 0, dice=dice, asked=asked) <= timedelta(seconds=60)


def test_three_threads_deliver_at_once_and_numbers_have_no_gaps(small_world: World):
    w = small_world
    accounts = [f"1000{n:04}" for n in range(30)]
    w.push(*(member(account) for account in accounts))
    with w.house.database.write() as tx:
        for row in lane.of(tx, "mx-neec"):
            tx.execute(lanes.update().where(lanes.c.id == row.id).values(batch_max=3))
    w.grant(*accounts)
    began = datetime.now(UTC)
    real = replace(w.delivery(), clock=lambda: datetime.now(UTC) + (START - began))

    def work() -> None:
        while real.work():
            pass

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for n in range(5):
        w.revoke(accounts[n], of="mx-neec")
    for thread in threads:
        thread.join(60)
    w.deliver()

    assert len(w.held("mx-neec")) == 25
    with w.house.database.read() as tx:
        for kind in ("routine", "urgent"):
            sent = [b for b in batch.every(tx) if b.lane == kind]
            assert [b.number for b in sent] == list(range(1, len(sent) + 1))
            assert {b.state for b in sent} <= {"settled"}
        assert all(one.settled for one in backlog.left(tx, w.house, now=w.clock()))


def test_a_batch_is_not_handed_out_while_its_partner_is_paused(one: World):
    """On the routine lane nothing leaves while the partner is paused, by export neither (P1)."""
    one.wire.plan = [NEVER_ARRIVED]
    one.deliver(rounds=1)
    now = one.clock()
    with one.house.database.write() as tx:
        lane.pause(tx, "mx-neec", by="test", reason="leak", now=now)

    with one.house.database.write() as tx, pytest.raises(BadRequest):
        release.export(tx, one.house, 1, by="test", now=now)


def test_a_withdrawal_does_not_wait_because_an_announcement_waits(two_told: World):
    """The urgent lane rests behind a stale feed, with somebody suspended waiting on it, when a
    revocation comes: that leaves at once, for withdrawals go ahead of all other work (P3).
    """
    two_told.push(member("10000003", status="SUSPENDED"))
    two_told.grant("10000003")
    two_told.clock.forward(days=30)
    two_told.deliver(hurry=False)
    two_told.sign("10000001", "neec-2014", Event.REVOKED)

    two_told.clock.forward(seconds=2)
    two_told.deliver(hurry=False)

    assert ONE not in two_told.held("mx-neec")


def test_a_clock_that_was_wrong_for_a_while_does_not_put_a_lane_to_sleep(two_told: World):
    """A failure while the clock was an hour ahead; put right, the urgent lane waits no longer than
    it ever may, so that a withdrawal leaves within minutes (P3).
    """
    two_told.clock.forward(hours=1)
    two_told.revoke("10000001", of="mx-neec")
    two_told.wire.plan = [NEVER_ARRIVED]
    two_told.deliver(hurry=False)
    two_told.clock.forward(hours=-1)

    for _ in range(5):
        two_told.clock.forward(seconds=30)
        with two_told.house.database.write() as tx:
            rest.put_right(tx, now=two_told.clock.now, lease=two_told.house.terms.lease)
        two_told.deliver(hurry=False)

    assert ONE not in two_told.held("mx-neec")
