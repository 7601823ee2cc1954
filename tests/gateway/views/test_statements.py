"""A page asks the database as often for twenty partners as for five."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, insert, select

from gateway.views import batches, exposure, failures, onboarding, overview, rows
from outbox import lane
from outbox.batch import State
from outbox.house import House
from schemas.batch import Lane
from schemas.tables import agreements, attempts, lanes, pending
from schemas.tables import batches as batches_
from tests.conftest import connected_world
from tests.world import START, World

NOW = START + timedelta(days=3)
VIEWS: dict[str, Callable[[Connection, House], object]] = {
    "overview": lambda tx, house: overview.overview(tx, house, now=NOW),
    "partners": lambda tx, house: rows.every(tx, house, now=NOW),
    "failures": lambda tx, house: failures.causes(tx, house, now=NOW),
    "onboarding": lambda tx, house: onboarding.every(tx, house, now=NOW),
    "exposure": lambda tx, _: exposure.exposure(tx, f"{NOW:%Y-%m}", now=NOW),
    **{
        f"batches {state}": lambda tx, _, state=state: batches.listed(tx, state=state, limit=50)
        for state in State
    },
    "batches of a kind": lambda tx, _: batches.listed(tx, lane=Lane.URGENT, limit=50),
}
MOST = {"overview": 24, "partners": 14, "failures": 8, "onboarding": 6, "exposure": 7}
BATCHES_MOST = 3


def in_trouble(world: World) -> None:
    """Every partner has one lane that is not answered, one whose withdrawals are not confirmed,
    notices that are blocked by two causes, and some that wait behind a closed gate.
    """
    with world.house.database.write() as tx:
        for one in tx.execute(select(lanes)).all():
            tx.execute(lanes.update().where(lanes.c.id == one.id).values(failures=2, trips=1))
            if tx.scalar(select(batches_.c.id).where(batches_.c.lane_id == one.id)) is not None:
                continue
            flies = one.kind == "routine"
            tx.execute(
                insert(batches_).values(
                    id=one.id,
                    lane_id=one.id,
                    epoch=one.epoch,
                    number=1,
                    issue=1,
                    state="unknown" if flies else "refused",
                    stale=False,
                    fence=1,
                    revision=1,
                    digest="0" * 64,
                    announcements=1,
                    withdrawals=0,
                    bytes=1,
                    attempts=1,
                    sealed_at=START,
                    first_sent_at=START,
                    closed_at=None if flies else START,
                )
            )
            tried = {"issue": 1, "fence": 1, "worker": "w", "began_at": START, "ended_at": START}
            failed = {"outcome": "no answer", "code": "MRX-6001"}
            tx.execute(insert(attempts).values(batch_id=one.id, n=1, **tried, **failed))
            waits = {"partner": one.partner, "lane_id": one.id, "since": START}
            said = [
                {"account": "10000001", "ref": "", "rank": 5, "blocked": None},
                {"account": "10000002", "ref": "", "rank": 5, "blocked": "MRX-2101"},
                {"account": "10000003", "ref": "", "rank": 5, "blocked": "MRX-2210"},
            ]
            asked = [{"account": "10000004", "ref": "0" * 12, "rank": 0, "blocked": None}]
            tx.execute(insert(pending), [{**waits, **row} for row in (said if flies else asked)])


def more_partners(world: World) -> None:
    with world.house.database.write() as tx:
        like = select(agreements).where(agreements.c.partner == "mx-neec")
        terms = tx.execute(like).mappings().one()
        for letter in "abcdefghijklmno":
            tx.execute(insert(agreements).values({**terms, "partner": f"xx-invented{letter}"}))
            lane.lay(tx, f"xx-invented{letter}")
    in_trouble(world)


def statements(world: World, name: str) -> list[str]:
    asked: list[str] = []
    with world.house.database.read() as tx:
        event.listen(tx, "before_cursor_execute", lambda *said: asked.append(str(said[2])))
        VIEWS[name](tx, world.house)
    return asked


@pytest.fixture(scope="module")
def asked(
    tmp_path_factory: pytest.TempPathFactory, key_files: dict[str, Path]
) -> dict[str, tuple[int, int]]:
    """How often each view asks, of few partners and of many; all are in trouble."""
    world = connected_world(tmp_path_factory.mktemp("world"), key_files, ("mx-neec",))
    in_trouble(world)
    few = {name: len(statements(world, name)) for name in VIEWS}
    more_partners(world)
    return {name: (few[name], len(statements(world, name))) for name in VIEWS}


@pytest.mark.parametrize("name", VIEWS)
def test_more_partners_are_no_more_statements(asked: dict[str, tuple[int, int]], name: str):
    few, many = asked[name]

    assert few == many
    assert few <= MOST.get(name, BATCHES_MOST)
