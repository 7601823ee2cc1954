"""What PostgreSQL knows of a table that has just been filled, before its autovacuum comes by."""

from sqlalchemy import Connection, text

from schemas import bulk
from schemas.tables import members
from tests.conftest import SERVER_ONLY
from tests.partners.test_bulk import row
from tests.world import World


def known(tx: Connection) -> int:
    """How many members the planner believes in; -1: nobody has looked yet."""
    return int(tx.scalar(text("SELECT reltuples FROM pg_class WHERE relname = 'members'")))


@SERVER_ONLY
def test_a_table_that_grows_by_half_is_looked_at_in_the_same_transaction(small_world: World):
    with small_world.house.database.write() as tx:
        bulk.add(tx, members, [row(f"{n:08}", "Invented") for n in range(5_000)])

        assert known(tx) == 5_000


@SERVER_ONLY
def test_one_that_grows_by_less_is_not(small_world: World):
    with small_world.house.database.write() as tx:
        bulk.add(tx, members, [row(f"{n:08}", "Invented") for n in range(5_000)])
        bulk.add(tx, members, [row(f"9{n:07}", "Invented") for n in range(bulk.FEW + 1)])

        assert known(tx) == 5_000


@SERVER_ONLY
def test_a_row_that_changes_often_has_room_to_change_in_its_page(small_world: World):
    found = text("SELECT array_to_string(reloptions, ' ') FROM pg_class WHERE relname = 'lanes'")
    with small_world.house.database.read() as tx:
        options = str(tx.scalar(found))

    assert "fillfactor=50" in options
    assert "autovacuum_vacuum_threshold=200" in options
