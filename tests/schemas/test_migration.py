"""A database of any earlier schema comes to the newest one with everything it held."""

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from schemas import migration
from schemas.errors import NotReady
from schemas.sqlite import SQLiteFile
from schemas.tables import metadata

NOW = 1_767_614_400_000_000  # microseconds

FIRST = f"""
INSERT INTO home (id, programme, created_at) VALUES (1, 'us-ctpat', {NOW});
INSERT INTO lanes (id, partner, kind, rank, epoch, next_number, look_at, leased_until, fence,
  served_at, failures, trips, paused, batch_max)
  VALUES (1, 'mx-neec', 'routine', 5, '00112233445566aa', 2, 0, 0, 3, 0, 0, 0, 0, 5000);
INSERT INTO batches (id, lane_id, number, issue, state, stale, fence, revision, digest,
  announcements, withdrawals, bytes, attempts, sealed_at, first_sent_at)
  VALUES (1, 1, 1, 2, 'unknown', 0, 3, 1, 'ab', 1, 0, 10, 4, {NOW}, {NOW});
INSERT INTO batch_files (batch_id, issue, digest, file, sealed_at) VALUES (1, 2, 'ab', x'00', {NOW});
INSERT INTO batch_notices (batch_id, ref, kind, account, version)
  VALUES (1, 'AAAAAAAAAAAA', 'announcement', '10000001', 1);
INSERT INTO receipts (digest, lane_id, number, issue, level, certificate, received_at)
  VALUES ('cd', 1, 1, 1, 'received', 'ef', {NOW});
INSERT INTO members (account, name, identifiers, status, member_since, digest, version, as_of,
  present, unknown_status, changed_at)
  VALUES ('10000001', 'Invented Company', '[["SCAC","QXQQ"],["SCAC","QXQQ"],["SCAC","QXQR"]]',
  'VALIDATED', '2014-04-07', x'00', 1, {NOW}, 1, 0, {NOW});
INSERT INTO foreign_members (programme, ref, version, name, identifiers, status, member_since,
  changed_at) VALUES ('mx-neec', 'BBBBBBBBBBBB', 4, 'Empresa Inventada', '[["MX-CAAT","QXQ1"]]',
  'VALIDATED', '2014-04-07', {NOW});
INSERT INTO foreign_members (programme, ref, version, changed_at, gone_at)
  VALUES ('mx-neec', 'CCCCCCCCCCCC', 1, {NOW}, {NOW});
"""


@pytest.fixture
def old(tmp_path: Path) -> SQLiteFile:
    """A database at the first schema, with something in it."""
    database = SQLiteFile(tmp_path / "old.db")
    with database.migrate() as tx:
        migration.upgrade(tx, "0001")
        for statement in FIRST.split(";"):
            if statement.strip():
                tx.execute(text(statement))
    return database


def upgrade(database: SQLiteFile) -> None:
    with database.migrate() as tx:
        migration.upgrade(tx)


def one(database: SQLiteFile, query: str) -> tuple[object, ...]:
    with database.read() as tx:
        (row,) = tx.execute(text(query)).all()
        return tuple(row)


def test_every_batch_keeps_its_place_and_gets_the_epoch_of_its_lane(old: SQLiteFile):
    upgrade(old)

    assert one(old, "SELECT id, number, issue, state, attempts, epoch FROM batches") == (
        1, 1, 2, "unknown", 4, "00112233445566aa",
    )  # fmt: skip
    assert one(old, "SELECT epoch FROM receipts") == ("00112233445566aa",)
    assert one(old, "SELECT f.digest FROM batch_files f JOIN batches b ON b.id = f.batch_id") == (
        "ab",
    )


def test_members_are_found_by_their_identifiers(old: SQLiteFile):
    upgrade(old)

    with old.read() as tx:
        rows = tx.execute(text("SELECT scheme, value, account FROM member_identifiers")).all()
    assert sorted(map(tuple, rows)) == [
        ("SCAC", "QXQQ", "10000001"),
        ("SCAC", "QXQR", "10000001"),
    ]


def test_a_partners_roll_is_counted_and_its_members_found(old: SQLiteFile):
    upgrade(old)

    assert one(old, "SELECT programme, size, baseline FROM foreign_rolls") == ("mx-neec", 1, 1)
    assert one(old, "SELECT programme, ref, scheme, value, source FROM foreign_identifiers") == (
        "mx-neec", "BBBBBBBBBBBB", "MX-CAAT", "QXQ1", "partner",
    )  # fmt: skip


def test_agreements_get_the_coverage_that_new_ones_are_seeded_with(old: SQLiteFile):
    with old.write() as tx:
        tx.execute(
            text(
                "INSERT INTO agreements (partner, format, stage, enabled, signed_on, effective_on, "
                "schemes, statuses, revision) VALUES ('tw-aeo', 'tw-aeo/1.0', 8, 1, '2012-11-26', "
                "'2013-01-01', '[]', '[]', 1)"
            )
        )

    upgrade(old)

    assert one(old, "SELECT coverage, rhythm_hours FROM agreements") == ('["AEOS"]', 744)


def test_an_upgraded_database_is_the_same_as_a_new_one(old: SQLiteFile, tmp_path: Path):
    new = SQLiteFile(tmp_path / "new.db")
    upgrade(old)
    upgrade(new)

    shapes = []
    for database in (old, new):
        with database.read() as tx:
            assert compare_metadata(MigrationContext.configure(tx), metadata) == []
            rows = tx.execute(text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
            shapes.append({name: " ".join(sql.split()) for name, sql in rows})
    assert shapes[0] == shapes[1]
    assert "STRICT" in shapes[0]["batches"]


def test_a_reference_that_leads_nowhere_stops_the_upgrade_and_changes_nothing(old: SQLiteFile):
    broken = "INSERT INTO attempts (batch_id, n, issue, fence, worker, began_at) "
    with pytest.raises(NotReady, match="MRX-9013"), old.migrate() as tx:  # noqa: PT012  # raised at its end
        tx.execute(text(broken + f"VALUES (99, 1, 1, 1, 'w', {NOW})"))
        migration.upgrade(tx)

    with old.read() as tx:
        assert migration.current(tx) == "0001"


def test_upgrading_twice_changes_nothing(old: SQLiteFile):
    upgrade(old)
    upgrade(old)

    with old.read() as tx:
        assert migration.current(tx) == migration.head()


def test_the_newest_schema_is_the_one_alembic_takes_for_it():
    scripts = ScriptDirectory(str(Path(migration.__file__).parent / "migrations"))

    assert scripts.get_current_head() == migration.head()
    assert all(migration.knows(script.revision) for script in scripts.walk_revisions())
    assert not migration.knows("9999")


@pytest.mark.slow
def test_a_small_command_needs_neither_alembic_nor_a_server_driver():
    """Each takes as long to import as the rest of what it does."""
    asked = (
        "import sys, gateway.cli.push; print(sorted({'alembic', 'psycopg'} & sys.modules.keys()))"
    )

    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
