"""Our own database is lost, or restored from a backup: the partner's word is asked, and repaired."""

import shutil
from dataclasses import replace
from pathlib import Path

from sqlalchemy import select

from schemas.sqlite import SQLiteFile
from schemas.tables import (
    pending,
)
from tests.conftest import FILE_ONLY
from tests.outbox.two_ends import (
    MANY,
    MEXICO,
    agree,
    mend,
    refs_on_the_wire,
    verdict,
)
from tests.world import LOST_ANSWER, NEVER_ARRIVED, ONE, World, member

pytestmark = FILE_ONLY  # a database server has backups of its own


def backup(world: World, folder: Path) -> Path:
    """A copy of our database, as a backup would make it."""
    world.house.database.close()  # the last connection folds the log into the file
    return shutil.copy(world.house.database.file, folder / "backup.sqlite")


def restore(world: World, copy: Path) -> None:
    """Our gateway starts again on the backup."""
    world.house.database.close()
    file = world.house.database.file
    for suffix in ("", "-wal", "-shm"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)
    shutil.copy(copy, file)
    world.house = replace(world.house, database=SQLiteFile(file))


def test_what_we_never_heard_of_is_withdrawn(held: World):
    """Our database was lost and made anew: every life over there is unknown to us."""
    with held.house.database.write() as tx:
        for table in ("receipts", "attempts", "batch_notices", "batch_files", "batches"):
            tx.exec_driver_sql(f"DELETE FROM {table}")  # our own names
        for table in ("disclosures", "pending", "outcomes", "holdings", "holdings_checks"):
            tx.exec_driver_sql(f"DELETE FROM {table}")  # our own names
        tx.exec_driver_sql("UPDATE lanes SET next_number = 1, last_digest = NULL")
        tx.exec_driver_sql("UPDATE lanes SET epoch = 'aaaaaaaaaaaaaaaa'")

    report = mend(held)
    held.deliver()

    assert (report.ours, report.theirs, report.withdrawn) == (0, 20, 20)
    assert len(refs_on_the_wire(held)) == 20
    assert held.held(MEXICO) == {}
    assert agree(held)
    with held.house.database.read() as tx:
        assert tx.execute(select(pending)).all() == []


def test_restored_from_a_backup_we_use_no_number_twice_and_tell_newer_versions(
    held: World, tmp_path: Path
):
    copy = backup(held, tmp_path)
    held.push(member(MANY[0], name="Invented Company Renamed"), member("20000001"))
    held.grant("20000001")
    held.deliver()
    held.push(member(MANY[0], name="Invented Company Renamed Again"))
    held.deliver()
    restore(held, copy)
    held.wire.journal.clear()

    report = mend(held)
    assert (report.told_again, report.withdrawn) == (1, 1)
    assert "routine" in report.epochs
    held.deliver()

    assert len(held.wire.journal) == 2
    assert held.held(MEXICO)[ONE] == "VALIDATED"
    assert "Invented Company 20000001" not in held.held(MEXICO)
    assert agree(held)
    assert verdict(held) is True


def test_a_withdrawal_our_backup_does_not_know_is_believed_and_waits_for_a_person(
    held: World, tmp_path: Path
):
    copy = backup(held, tmp_path)
    held.revoke(MANY[0], of=MEXICO)
    held.deliver()
    restore(held, copy)

    report = mend(held)
    assert (report.told_again, report.ended) == (0, 1)
    held.deliver()

    assert agree(held)
    assert ONE not in held.held(MEXICO)
    assert held.waiting() == [("MRX-2210", "withdrawn")]
    assert mend(held).differs is False
    held.push(member(MANY[0], name="Invented Company, consented anew"))
    held.deliver()
    assert "Invented Company, consented anew" in held.held(MEXICO)
    assert agree(held)


def test_a_batch_in_flight_when_the_backup_was_made_is_given_up(held: World, tmp_path: Path):
    held.push(member(MANY[0], name="Invented Company Renamed"))
    held.wire.plan = [NEVER_ARRIVED]
    held.deliver(rounds=1)
    copy = backup(held, tmp_path)
    held.deliver()
    held.push(member(MANY[0], name="Invented Company Renamed Again"))
    held.deliver()
    restore(held, copy)

    report = mend(held)
    held.deliver()

    assert "routine" in report.epochs
    assert "Invented Company Renamed" in held.held(MEXICO)
    assert agree(held)


def test_a_batch_they_know_and_we_wait_for_is_simply_retried(held: World):
    held.push(member(MANY[0], name="Invented Company Renamed"))
    held.wire.plan = [LOST_ANSWER]
    held.deliver(rounds=1)

    report = mend(held)

    assert (report.differs, report.waiting) == (False, 1)
    held.deliver()
    assert agree(held)
    assert len({file for _, file in held.wire.journal}) == 1
