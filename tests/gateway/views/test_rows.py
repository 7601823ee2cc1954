"""A row a partner: its counts are those of the notices, and its lanes and days tell what happened."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from gateway.views import count, days, lanes, rows, stuck, troubles
from gateway.views.count import Count
from gateway.views.rows import Row
from outbox import lane, notices
from outbox.batch import State
from outbox.notices import State as Notice
from partners import agreements
from schemas.errors import BadRequest
from schemas.receipt import Receipt, Refusal, Verdict
from schemas.status import Status
from schemas.tables import batch_notices
from tests.conftest import BOTH
from tests.world import BUSY, LOST_ANSWER, NEVER_ARRIVED, World, answering, honest, member

ACCOUNTS = [f"1000000{n}" for n in range(1, 9)]


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


def of(world: World, partner: str = "mx-neec") -> Row:
    with world.house.database.read() as tx:
        return rows.of(tx, world.house, partner, now=world.clock.now)


def agree(world: World) -> dict[Notice, int]:
    """The counts of Mexico, seen to be those of the notices themselves."""
    with world.house.database.read() as tx:
        counted = notices.counts(tx, world.house, now=world.clock.now)
        shown = rows.every(tx, world.house, now=world.clock.now)
    for row in shown:
        told = {
            Notice.PENDING: row.pending.n,
            Notice.BLOCKED: row.blocked.n,
            Notice.REFUSED: row.refused.n,
            Notice.HELD: row.held,
        }
        assert told == counted[row.partner], row.partner
    return counted["mx-neec"]


def refusing(world: World, account: str) -> Callable[..., bytes]:
    """Answers that refuse one member's announcements."""

    def refuse(receipt: Receipt) -> Receipt:
        with world.house.database.read() as tx:
            ref = tx.scalar(select(batch_notices.c.ref).where(batch_notices.c.account == account))
        refusal = Refusal(ref=ref, code="NO-MATCH")
        return replace(receipt, verdict=Verdict.REFUSALS, refused=(refusal,))

    return answering(refuse)


def test_the_counts_are_those_of_the_notices_whatever_happens(small_world: World):
    world = small_world
    assert agree(world) == dict.fromkeys(Notice, 0)
    world.push(*map(member, ACCOUNTS))
    world.grant(*ACCOUNTS)
    assert agree(world)[Notice.PENDING] == 8

    world.wire.answer = refusing(world, ACCOUNTS[0])
    world.deliver()
    assert agree(world) == dict(zip(Notice, (0, 0, 1, 7), strict=True))

    world.wire.answer = honest
    released = [status.value for status in Status if status is not Status.EXCEEDING]
    with world.house.database.write() as tx:
        agreements.change(tx, "mx-neec", statuses=released)
    world.push(member(ACCOUNTS[1], status="EXCEEDING"))
    world.deliver()
    assert agree(world)[Notice.BLOCKED] == 1

    # On its way, and nobody knows whether it arrived: they hold it until they say otherwise.
    world.wire.plan = [LOST_ANSWER, NEVER_ARRIVED]
    world.revoke(ACCOUNTS[2], of="mx-neec")
    world.push(member(ACCOUNTS[3], status="SUSPENDED"), member(ACCOUNTS[4], name="Invented New"))
    world.deliver(rounds=2)
    assert agree(world)[Notice.HELD] == 6
    assert of(world).withdrawals == Count(1)

    with world.house.database.write() as tx:
        agreements.change(tx, "mx-neec", enabled=False)
    world.push(member(ACCOUNTS[5], name="Invented Newer"))
    assert agree(world)[Notice.BLOCKED] >= 2
    assert "MRX-2202" in of(world).causes

    with world.house.database.write() as tx:
        agreements.change(tx, "mx-neec", enabled=True)
        lane.pause(tx, "mx-neec", by="jdoe", reason="a test", now=world.clock())
    assert agree(world)[Notice.PENDING] >= 1
    world.deliver()
    assert agree(world)[Notice.HELD] == 6
    assert of(world).withdrawals == Count(0)


def test_a_million_is_not_counted(small_world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(count, "SOME", 3)
    monkeypatch.setattr(count, "MOST", 5)
    small_world.push(*map(member, ACCOUNTS))
    small_world.grant(*ACCOUNTS)

    with small_world.house.database.read() as tx:
        found = {
            row.partner: row for row in rows.every(tx, small_world.house, now=small_world.clock.now)
        }

    assert found["mx-neec"].announcements == Count(3, more=True)
    assert of(small_world).announcements == Count(5, more=True)
    with small_world.house.database.write() as tx:
        tx.exec_driver_sql("UPDATE pending SET blocked = 'MRX-2101' WHERE account < '10000003'")
        tx.exec_driver_sql("UPDATE pending SET blocked = 'MRX-2102' WHERE account > '10000004'")
    with small_world.house.database.read() as tx:
        assert stuck.by_code(tx) == {
            "mx-neec": {"MRX-2101": Count(2), "MRX-2102": Count(3, more=True)}
        }


def test_what_is_held_is_said_to_be_too_much_where_not_all_withdrawals_were_taken_off(
    small_world: World, monkeypatch: pytest.MonkeyPatch
):
    small_world.push(*map(member, ACCOUNTS))
    small_world.grant(*ACCOUNTS)
    small_world.deliver()
    small_world.wire.plan = [NEVER_ARRIVED] * 9
    for account in ACCOUNTS[:3]:
        small_world.revoke(account, of="mx-neec")
    small_world.deliver(rounds=1)

    monkeypatch.setattr(count, "MOST", 3)
    row = of(small_world)
    assert (row.held, row.held_at_most) == (5, False)

    monkeypatch.setattr(count, "MOST", 2)
    row = of(small_world)
    assert (row.held, row.held_at_most) == (6, True)


def test_the_oldest_that_waits_is_the_oldest_that_the_partner_could_have(small_world: World):
    small_world.push(member("10000001"))
    small_world.grant("10000001")
    small_world.deliver()
    with small_world.house.database.write() as tx:
        agreements.change(tx, "mx-neec", enabled=False)
    small_world.push(member("10000002", status="SUSPENDED"), member("10000003"))
    small_world.grant("10000002", "10000003")
    small_world.deliver()
    small_world.clock.forward(hours=2)

    assert of(small_world).blocked == Count(2)
    assert of(small_world).oldest is None

    small_world.revoke("10000001", of="mx-neec")
    row = of(small_world)
    assert row.oldest is not None
    assert small_world.clock.now - row.oldest < timedelta(seconds=1)
    assert row.oldest == row.urgent.oldest_past_gate


def test_a_lane_tells_since_when_it_fails_and_why(small_world: World):
    world = small_world
    world.push(member("10000001"))
    world.grant("10000001")
    world.wire.plan = [BUSY] * 2 + [NEVER_ARRIVED] * 7
    began = world.clock.now
    for _ in range(9):
        world.deliver(rounds=1)
        world.clock.forward(minutes=10)

    row = of(world)

    assert (row.state, row.routine.state, row.urgent.state) == ("failing", "failing", "open")
    assert row.routine.failures == 9
    assert row.routine.trouble is not None
    assert row.routine.trouble.code == "MRX-6001"
    assert timedelta(0) <= row.routine.trouble.since - began < timedelta(seconds=1)
    assert row.routine.flying is not None
    assert (row.routine.flying.name, row.routine.flying.state) == ("a1", State.UNKNOWN)
    assert (row.unknown, row.in_flight, row.last_success) == (1, Count(1), None)
    assert row.oldest is not None
    assert row.oldest < row.routine.trouble.since

    world.deliver()
    row = of(world)
    assert (row.state, row.routine.trouble, row.routine.flying) == ("open", None, None)
    assert row.oldest is None
    assert row.last_success is not None
    assert world.clock.now - row.last_success < timedelta(seconds=1)


def test_what_is_in_flight_counts_as_waiting(small_world: World):
    world = small_world
    world.push(member("10000001"))
    world.grant("10000001")
    world.clock.forward(hours=3)
    world.wire.plan = [LOST_ANSWER]
    world.deliver(rounds=1)
    world.clock.forward(hours=2)

    row = of(world)

    assert (row.announcements, row.in_flight, row.pending) == (Count(0), Count(1), Count(1))
    assert row.oldest is not None
    assert timedelta(hours=5) <= world.clock.now - row.oldest < timedelta(hours=5, seconds=1)


def test_a_batch_that_arrived_and_is_not_applied_is_shown_as_such(small_world: World):
    world = small_world
    world.push(member("10000001"))
    world.grant("10000001")
    world.wire.plan = [LOST_ANSWER]
    world.deliver(rounds=1)
    with world.house.database.write() as tx:
        tx.exec_driver_sql("UPDATE batches SET state = 'received'")

    row = of(world)

    assert (row.routine.flying, row.routine.arrived) == (None, 1)
    assert row.in_flight == Count(1)
    assert row.routine.oldest is not None


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_no_statement_reads_a_table_that_grows(small_world: World):
    """SQLite says how it would find the rows: by an index, or by the part of one that is open."""
    grow = ("pending", "batches", "attempts", "disclosures", "ledger", "batch_notices", "members")
    statements = {
        "lanes": (lanes._LANES, {"stop": 4}),
        "one": (lanes._LANES_OF_ONE, {"stop": 4, "only": "mx-neec"}),
        "open": (lanes._OPEN, {"lanes": [1, 2]}),
        "loads": (lanes._LOADS, {"these": [1, 2]}),
        "flying": (troubles._FLYING, {"lanes": [1, 2]}),
        "days": (days._ALL, {"first": 0}),
        "stuck": (stuck._ALL, {"stop": 4}),
        "leaving": (rows._LEAVING, {"stop": 4}),
    }
    with small_world.house.database.read() as tx:
        for name, (statement, values) in statements.items():
            written = statement.params(**values).compile(
                dialect=tx.dialect, compile_kwargs={"literal_binds": True}
            )
            plan = tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {written}").all()
            scans = [row.detail for row in plan if row.detail.startswith("SCAN")]
            whole = [scan for scan in scans if scan.split()[1].split("_")[0] in grow]
            assert whole in ([], ["SCAN disclosures USING INDEX disclosures_open"]), (name, plan)


def test_an_unknown_partner_is_refused(small_world: World):
    with pytest.raises(BadRequest, match="MRX-5001"):
        of(small_world, "fr-aeo")


def test_a_partner_that_is_not_connected_is_closed(small_world: World):
    assert (of(small_world, "ca-pip").state, of(small_world, "ca-pip").closed) == (
        "closed",
        "MRX-2202",
    )
