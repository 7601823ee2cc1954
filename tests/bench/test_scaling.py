"""Scale-out as it is measured: partners that are invented and really receive, cores that are full."""

from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bench import cores, distance, ends, filling, home, invented, members
from bench.cores import Cores
from bench.ground import TINY, standing
from bench.rows import scaling
from bench.rows.scaling import Run
from gateway.demo import companies
from gateway.demo.processes import free_ports
from outbox.delivery import Delivery
from outbox.transport import HttpTransport
from schemas.tables import foreign_members

FEW = 3
FAR_SECONDS = 0.3


def rows(one: Run, two: Run) -> dict[str, tuple[bool | None, str | None]]:
    return {
        row.name.rpartition(", ")[2]: (row.holds, row.must)
        for row in scaling._rows(2, {1: one, 2: two})
    }


@pytest.mark.parametrize(
    ("used", "speed", "holds", "must"),
    [
        (0.3, 15.0, True, "at least 1.5x 1 worker"),  # it could have doubled: half of that
        (0.3, 14.0, False, "at least 1.5x 1 worker"),
        (0.8, 11.3, True, "at least 1.12x 1 worker"),  # a quarter more would fill the cores
        (0.8, 11.0, False, "at least 1.12x 1 worker"),
        (0.95, 9.0, None, None),  # they were full
    ],
)
def test_growth_is_asked_as_far_as_cores_were_free(used, speed, holds, must):
    one = Run(speed=10.0, fair=1.0, used=used)

    assert rows(one, Run(speed=speed, fair=1.0, used=1.0))["growth"] == (holds, must)


@pytest.mark.parametrize(("fair", "holds"), [(1.9, True), (2.1, False)])
def test_a_partner_that_is_served_last_by_far_is_found_out(fair, holds):
    one = Run(speed=10.0, fair=1.0, used=0.5)

    found = rows(one, Run(speed=20.0, fair=fair, used=1.0))["the last partner served"]

    assert found == (holds, "at most 2x the first")


def test_what_the_cores_did_is_told_between_two_moments(monkeypatch):
    """Two cores, a second a look: idle, then half busy, then full."""
    began = datetime(2026, 1, 1, tzinfo=UTC)
    spent = iter([(0, 0), (0, 200), (100, 300), (300, 300)])
    clock = count(began.timestamp())
    monkeypatch.setattr(cores.time, "time", lambda: next(clock))
    monkeypatch.setattr(
        Path, "read_text", lambda _: "cpu {} 0 0 {} 0 0 0 0 0 0\ncpu0".format(*next(spent))
    )
    seen = Cores()
    for _ in range(4):
        seen.look()

    def second(n: int) -> datetime:
        return began + timedelta(seconds=n)

    assert seen.used(second(0), second(1)) == 0
    assert seen.used(second(1), second(2)) == 0.5
    assert seen.used(second(2), second(3)) == 1
    assert seen.used(second(0), second(3)) == 0.5


def test_the_machine_says_what_its_cores_do():
    seen = Cores()
    seen.look()
    sum(range(3_000_000))  # a tick of the clock, or some
    seen.look()

    assert 0 <= seen.used(datetime.now(UTC) - timedelta(seconds=60), datetime.now(UTC)) <= 1


@pytest.mark.processes
def test_an_invented_partner_far_away_receives_as_any_other(key_files):
    code, like = invented.code(0), members.PARTNERS[0]
    keys = next(iter(key_files.values())).parent
    with (
        standing(TINY, keys=keys) as ground,
        ground.room() as folder,
        home.made(ground, folder, ends.US) as ours,
    ):
        with ours.database.write() as tx:
            invented.agree(tx, code, like=like)
        theirs = invented.made(ground, folder, code, like=like)
        home.connect(theirs, ours, url=None)
        (port,) = free_ports(1)
        program = distance.command(FAR_SECONDS, {port: folder / code})
        with ends.running(folder / "far", program, port, {}) as process:
            ends.wait(process)
            home.connect(ours, theirs, url=process.url)
            home.push(ours, companies.member_lines(members.members(FEW)), expect=FEW)
            filling.consented(ours, code, 0, FEW)
            filling.queued(ours, code, 0, FEW)
            began = datetime.now(UTC)
            transport = HttpTransport.under(ours.terms)
            assert Delivery(house=ours, transport=transport, worker="test").work()
            took = datetime.now(UTC) - began
            transport.close()
        with theirs.database.read() as tx:
            held = tx.scalar(select(func.count()).select_from(foreign_members))
        theirs.database.close()

    assert theirs.programme == code
    assert held == FEW
    assert took.total_seconds() > FAR_SECONDS
