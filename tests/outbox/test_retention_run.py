"""A run of erasing: killed at any chunk, one at a time, and bounded."""

import itertools

import orjson
import pytest
from sqlalchemy import select, text

from outbox import expired, ledger, retention_run
from outbox.retention_run import State
from schemas.errors import BadRequest, NotReady
from schemas.tables import batch_files
from tests.gateway.acts.entries import entries
from tests.outbox.long_ago import FILES, LONG, PLANT, counted, run
from tests.world import World, member


@pytest.fixture
def many(small_world: World) -> World:
    """A dozen batches that were answered."""
    accounts = [f"100000{n:02}" for n in range(12)]
    for account in accounts:
        small_world.push(member(account, name=f"{PLANT} {account}"))
        small_world.grant(account)
        small_world.deliver()
    return small_world


def test_a_run_that_dies_at_any_chunk_goes_on_and_erases_all_once(
    many: World, monkeypatch: pytest.MonkeyPatch
):
    class Killed(BaseException):
        pass

    now = many.clock.now + LONG
    house, deaths = many.house, 0
    with house.database.write() as tx:
        retention_run.begin(tx, house, by="test", reason="a test", now=now)
    alive = True
    while alive:
        # Once just before the commit of each chunk, then the same chunk to its end.
        monkeypatch.setattr(expired, "erase", _dying(expired.erase, Killed))
        try:
            retention_run.go_on(house, now=now, chunk=5)
        except Killed:
            deaths += 1
        monkeypatch.undo()
        before = counted(many, FILES)
        with house.database.read() as tx:
            row = tx.execute(text("SELECT erased FROM retention_runs")).scalar_one()
        done = orjson.loads(row).get("batch files", {"rows": 0})["rows"]
        assert before + done == 12, "what is gone is counted, and nothing else"
        alive = retention_run.go_on(house, now=now, chunk=5)

    assert deaths >= 3
    assert counted(many, FILES) == 0
    [entry] = entries(many.house, "erased")
    assert entry["rows"] == 12
    with house.database.read() as tx:
        assert ledger.verify(tx).broken_at is None


def _dying(plain, killed):
    def erase(tx, rule, rows, *, now):
        plain(tx, rule, rows, now=now)
        if rows:
            raise killed

    return erase


def test_there_is_one_run_at_a_time_and_two_who_work_it_do_no_harm(many: World):
    now = many.clock.now + LONG
    house = many.house
    with house.database.write() as tx:
        retention_run.begin(tx, house, by="test", reason="a test", now=now)
    with house.database.write() as tx, pytest.raises(BadRequest, match="MRX-7015"):
        retention_run.begin(tx, house, by="other", reason="a test", now=now)

    many.clock.forward(days=500)
    many.push(member("10000099"))
    many.grant("10000099")
    assert retention_run.go_on(house, now=now, chunk=5)
    many.deliver()  # somebody else works between two chunks
    while retention_run.go_on(house, now=now, chunk=5):
        pass

    assert counted(many, FILES) == 1, "what was sealed since is not over its term"


def test_a_chunk_erases_so_many_bytes_and_no_more(many: World, monkeypatch: pytest.MonkeyPatch):
    now = many.clock.now + LONG
    with many.house.database.read() as tx:
        size = tx.scalar(select(batch_files.c.file)).__len__()
    monkeypatch.setattr(retention_run, "CHUNK_BYTES", 3 * size)
    with many.house.database.write() as tx:
        retention_run.begin(tx, many.house, by="test", reason="a test", now=now)

    left = [counted(many, FILES)]
    while retention_run.go_on(many.house, now=now):
        left.append(counted(many, FILES))

    steps = [a - b for a, b in itertools.pairwise(left)]
    assert left[-1] == 0
    assert max(steps) <= 4


def test_a_reader_in_the_way_makes_the_wiping_wait_and_nothing_is_lost(
    left: World, monkeypatch: pytest.MonkeyPatch
):
    def busy(*_tables: object, **_how: object) -> None:
        raise NotReady("MRX-9012")

    now = left.clock.now + LONG
    monkeypatch.setattr(type(left.house.database), "wipe", busy)
    with pytest.raises(NotReady, match="MRX-9012"):
        run(left.house, now=now)
    with left.house.database.read() as tx:
        found = retention_run.open_run(tx)
    assert found is not None
    assert found.state is State.WIPING
    monkeypatch.undo()

    assert not retention_run.go_on(left.house, now=now)

    with left.house.database.read() as tx:
        assert retention_run.open_run(tx) is None
