"""A home folder: made once, repaired, migrated, and never taken over."""

import pytest

from gateway import home
from gateway.settings import Settings
from schemas.errors import NotReady
from tests.world import World


def test_a_schema_of_a_newer_program_is_left_alone(small_world: World):
    folder = small_world.house.folder
    with small_world.house.database.write() as tx:
        tx.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(NotReady) as refused:
        home.init(Settings(home=folder), "us-ctpat")

    assert refused.value.code == "MRX-9002"


def test_a_key_written_before_a_crash_is_found_and_used(small_world: World, tmp_path):
    """The key stands, the database does not: as after a crash in between."""
    folder = small_world.house.folder
    for file in folder.glob("mrx.db*"):
        file.unlink()

    again = home.init(Settings(home=folder), "us-ctpat")

    assert again.key.certificate == small_world.house.key.certificate


def test_a_database_another_process_keeps_busy_says_so(small_world: World):
    database = small_world.house.database
    with database.write() as tx:
        tx.exec_driver_sql("PRAGMA busy_timeout=50")
    other = home.open_home(Settings(home=database.file.parent)).database
    with (
        other.write(),
        pytest.raises(NotReady) as refused,
        database.write(),
    ):
        pass

    assert refused.value.code == "MRX-9012"
