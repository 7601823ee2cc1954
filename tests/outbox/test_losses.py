"""What is kept of losses costs the lives it is about, however many others there are."""

from datetime import timedelta

import pytest
from sqlalchemy import event, select

from outbox import batch as batches
from outbox import losses
from outbox.losses import Word
from schemas.tables import disclosures
from tests.conftest import FILE_ONLY
from tests.world import World, member


@pytest.fixture
def world(small_world: World) -> World:
    small_world.push(member("10000001"))
    small_world.grant("10000001")
    small_world.deliver()
    return small_world


@FILE_ONLY
def test_no_statement_reads_the_losses_of_others(world: World):
    """SQLite says how it finds the rows: by reference, by account, or among those that last."""
    now = world.clock.now + timedelta(hours=1)
    asked: list[tuple[str, object]] = []
    with world.house.database.write() as tx:
        [ref] = tx.scalars(select(disclosures.c.ref))
        word = Word("mx-neec", "10000001", "SUSPENDED", ref, 1, may_hold=True)
        event.listen(tx, "before_cursor_execute", lambda *said: asked.append(said[2:4]))
        losses.heard(tx, [word], now=now)
        losses.heard(tx, [word._replace(word="VALIDATED")], now=now)
        losses.heard(tx, [word], now=now)
        losses.told_anew(tx, "mx-neec", ["10000001"], now=now)
        losses.answered(tx, batches.get(tx, 1))
        losses.reopened(tx, [word.ref])
        ways = {
            row.detail.split(" USING ")[-1]
            for statement, values in list(asked)
            if not statement.lstrip().startswith("INSERT")
            for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            if row.detail.split()[1] == "losses"
        }

    assert ways <= {
        "INDEX sqlite_autoindex_losses_1 (ref=?)",
        "INDEX sqlite_autoindex_losses_1 (ref=?) LEFT-JOIN",
        "INDEX sqlite_autoindex_losses_1 (ref=? AND n=?)",
        "INDEX losses_listed (account=?)",
        "INDEX losses_open (partner=?)",
        "INDEX losses_open (partner=? AND ref=?)",
    }
    assert len(ways) > 3


def test_a_word_on_nobody_and_a_telling_of_nobody_write_nothing(world: World):
    asked: list[str] = []
    with world.house.database.write() as tx:
        event.listen(tx, "before_cursor_execute", lambda *said: asked.append(str(said[2])))
        losses.heard(tx, [], now=world.clock.now)
        losses.told_anew(tx, "mx-neec", [], now=world.clock.now)
        losses.reopened(tx, [])

    assert asked == []
