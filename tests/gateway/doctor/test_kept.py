"""What the doctor finds in what is kept: file, schema, ledger, feeds."""

import pytest
from sqlalchemy import delete

from gateway import home
from gateway.settings import Settings
from partners import consents
from schemas import sqlite
from schemas.tables import ledger_head
from tests.gateway.doctor.examined import FAILED, OK, SKIPPED, WARNING, examined
from tests.world import World


def test_an_old_sqlite_is_refused(ours: Settings, monkeypatch):
    monkeypatch.setattr(sqlite, "SQLITE_MIN", (99, 0, 0))

    steps = examined(ours)

    assert "MRX-9005" in steps["database"].sentence
    assert steps["schema"].result is SKIPPED


def test_a_file_that_is_no_database_fails_and_the_rest_is_still_looked_at(ours: Settings):
    for beside in ours.home.glob("mrx.db-*"):
        beside.unlink()
    (ours.home / home.DATABASE).write_bytes(b"Invented Company 10000001 " * 400)

    steps = examined(ours)

    assert steps["schema"].result is FAILED
    assert "Invented" not in steps["schema"].sentence
    assert steps["key"].result is OK


@pytest.mark.parametrize("found", ["0001", "9999"])
def test_another_schema_fails(found: str, small_world: World, ours: Settings):
    with small_world.house.database.write() as tx:
        tx.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{found}'")

    steps = examined(ours)

    assert steps["schema"].result is FAILED
    assert found in steps["schema"].sentence
    assert ("mrx init" in steps["schema"].next) == (found == "0001")
    assert steps["feeds"].result is SKIPPED


def test_a_ledger_without_a_head_fails(small_world: World, ours: Settings):
    with small_world.house.database.write() as tx:
        tx.execute(delete(ledger_head))

    assert examined(ours)["ledger"].result is FAILED


def test_a_feed_that_is_silent_for_too_long_is_a_warning(small_world: World, ours: Settings):
    assert "never heard" in examined(ours, clock=small_world.clock)["feeds"].sentence

    with small_world.house.database.write() as tx:
        consents.heard(tx, small_world.clock())
    assert examined(ours, clock=small_world.clock)["feeds"].result is OK

    small_world.clock.forward(hours=73)
    assert "73.0 h" in examined(ours, clock=small_world.clock)["feeds"].sentence
    assert examined(ours, clock=small_world.clock)["feeds"].result is WARNING
