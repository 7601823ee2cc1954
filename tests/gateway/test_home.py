"""A home folder: made once, repaired, migrated, and never taken over."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import URL

from gateway import home
from gateway.settings import Settings
from schemas.errors import NotReady
from tests import servers
from tests.world import World, written


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


@pytest.mark.processes
def test_a_database_that_keeps_text_in_another_encoding_says_so(postgres: URL, tmp_path: Path):
    made = servers.create(postgres)
    name = f"{made.database}_ascii"
    servers.execute(postgres, f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' TEMPLATE template0")
    url = postgres.set(database=name)
    try:
        said = subprocess.run(
            [sys.executable, "-m", "gateway.cli", "init"],
            env={**os.environ, "MRX_HOME": str(tmp_path), "MRX_DATABASE_URL": written(url)},
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        servers.drop(postgres, url)
        servers.drop(postgres, made)

    assert said.returncode == 1
    assert "MRX-9015" in said.stderr
    assert "UTF8" in said.stderr
