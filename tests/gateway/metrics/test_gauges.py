"""Gauges say what the pages say, and read no more than they do."""

import pytest

from gateway.metrics import gauges
from gateway.views import count
from gateway.views.alarms import deciding, restoring
from outbox import restored
from partners import agreements, consents
from tests.gateway.metrics.told import told
from tests.world import World, member

MEXICO = {"partner": "mx-neec"}
URGENT = {**MEXICO, "lane": "urgent"}


@pytest.fixture
def world(small_world: World) -> World:
    """Three members are held in Mexico."""
    accounts = [f"1000000{n}" for n in range(3)]
    small_world.push(*map(member, accounts))
    small_world.grant(*accounts)
    small_world.deliver()
    return small_world


def test_bad_news_that_a_closed_gate_holds_back_does_not_count_as_stuck(world: World):
    with world.house.database.write() as tx:
        agreements.change(tx, "mx-neec", enabled=False)
    world.push(member("10000007", status="SUSPENDED"))
    world.grant("10000007")
    world.deliver()
    world.clock.forward(hours=2)
    held_back = told(world.house, world.clock.now)
    world.revoke("10000001", of="mx-neec")
    world.clock.forward(hours=1)
    leaving = told(world.house, world.clock.now)
    with world.house.database.write() as tx:
        agreements.change(tx, "mx-neec", enabled=True)
    opened = told(world.house, world.clock.now)

    oldest = "mrx_oldest_pending_seconds"
    assert held_back("mrx_pending_notices", **URGENT) == 1
    assert held_back(oldest, **URGENT) == 0
    assert leaving(oldest, **URGENT) == pytest.approx(3_600, abs=5)
    assert opened(oldest, **URGENT) == pytest.approx(3 * 3_600, abs=5)


def test_what_is_blocked_is_counted_as_far_as_the_pages_count_it(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(count, "SOME", 2)
    world.push(*(member(f"1000000{n}", name=f"Invented Company Renamed {n}") for n in range(3)))
    with world.house.database.write() as tx:
        tx.exec_driver_sql("UPDATE pending SET blocked = 'MRX-2101'")

    assert told(world.house, world.clock.now)("mrx_blocked_notices", **MEXICO, code="MRX-2101") == 2


def test_pushes_that_wait_are_found_by_their_index_however_many_there_were(
    world: World, engine: str
):
    """PostgreSQL is asked as if the table had grown: then it reads no table from end to end."""
    explain = "EXPLAIN QUERY PLAN" if engine == "sqlite" else "EXPLAIN"
    with world.house.database.read() as tx:
        if engine != "sqlite":
            tx.exec_driver_sql("SET LOCAL enable_seqscan = off")
        for asked in (gauges._PUSHES, deciding._WAITING_PUSHES):
            written = asked.compile(dialect=tx.dialect, compile_kwargs={"literal_binds": True})
            plan = "\n".join(str(row) for row in tx.exec_driver_sql(f"{explain} {written}"))
            assert "pushes_waiting" in plan


def test_what_a_restored_gateway_waits_for_is_what_its_alarms_name(world: World):
    """One after the other it is given what it waits for."""
    steps = (
        lambda tx: restored.mark(tx, told={}, now=world.clock.now),
        lambda tx: restored.opened(tx, "mx-neec", by="test", now=world.clock.now),
        lambda tx: restored.roll_asked(tx, "mx-neec", now=world.clock.now),
        lambda tx: consents.said_anew(tx, restored.standing(tx).consents_owed_since),
    )
    waits = [restored_waiting(world)]
    for step in steps:
        with world.house.database.write() as tx:
            step(tx)
        waits.append(restored_waiting(world))

    lanes, roll, source = ("mx-neec", "lanes"), ("mx-neec", "roll"), ("", "consents")
    assert waits == [set(), {lanes, roll, source}, {roll, source}, {source}, set()]


ALARMS = {
    "restored, lanes shut": {"lanes", "roll"},
    "restored, roll incomplete": {"roll"},
    "restored, consents owed": {"consents"},
}
"""While the lanes are shut, the console says nothing of the roll."""


def restored_waiting(world: World) -> set[tuple[str, str]]:
    found = {
        tuple(dict(labels)[key] for key in ("partner", "what")): n
        for (name, labels), n in told(world.house, world.clock.now).items()
        if name == "mrx_restored_waiting"
    }
    waits = {labels for labels, n in found.items() if n == 1}
    assert set(found.values()) <= {0, 1}
    assert set(found) >= {("mx-neec", "lanes"), ("mx-neec", "roll"), ("", "consents")}
    with world.house.database.read() as tx:
        alarms = restoring.unfinished(tx, world.house, (), world.clock.now)
        assert waits == {(one.partner or "", what) for one in alarms for what in ALARMS[one.kind]}
    return waits
