"""What is over its term is erased, in the states that allow it; what is not stays."""

import hashlib
from datetime import timedelta

import pytest
from sqlalchemy import select

from outbox import batch as batches_
from outbox import evidence, expired, ledger, release, statement
from outbox.retention import BY_NAME, ERASED, KEPT, RULES, SWEPT, Retention
from outbox.retention_run import State
from partners import roll
from schemas.errors import BadRequest
from schemas.postgresql import PostgreSQL
from schemas.sqlite import SQLiteFile
from schemas.tables import member_identifiers, metadata
from tests import servers
from tests.conftest import FILE_ONLY, SERVER_ONLY
from tests.gateway.acts.entries import entries
from tests.outbox.long_ago import (
    GONE,
    LONG,
    NUMBER,
    PLANT,
    STAYS,
    THERE,
    VERY_LONG,
    YEAR,
    counted,
    in_cluster,
    in_files,
    run,
    says,
)
from tests.world import World, member

# -- the table -------------------------------------------------------------------------------------


def test_every_table_of_the_database_has_its_place_in_the_list():
    said = [table for rule in RULES for table in rule.tables]
    said += [word for one in (*SWEPT, *KEPT) for word in one.tables.split(", ")]

    assert set(metadata.tables) - set(said) == set()
    assert set(expired.WAYS) == set(BY_NAME)


def test_what_proves_a_disclosure_is_kept_five_years_at_least():
    with pytest.raises(ValueError, match="too short"):
        Retention(terms={**Retention().terms, "receipt files": timedelta(days=5 * 365)})
    with pytest.raises(ValueError, match="each rule"):
        Retention(terms={"batch files": LONG})


# -- what goes -------------------------------------------------------------------------------------


def test_nothing_goes_before_its_term_is_over(left: World):
    done = run(left.house, now=left.clock.now + YEAR)

    assert (done.rows, done.state) == (0, State.DONE)
    assert entries(left.house, "erased") == []
    with left.house.database.read() as tx:
        assert says(tx, PLANT) == ["batch_files.file", "members.name"]


def test_afterwards_the_name_stands_nowhere_and_the_ledger_is_whole(left: World):
    with left.house.database.read() as tx:
        assert "disclosures.told_identifiers" in says(tx, NUMBER)

    done = run(left.house, now=left.clock.now + LONG, chunk=2)

    with left.house.database.read() as tx:
        assert says(tx, PLANT) == says(tx, NUMBER) == []
        assert says(tx, STAYS) == ["members.name"]
        assert ledger.verify(tx).broken_at is None
        assert roll.get(tx, GONE).member.name == ERASED
        assert tx.scalars(select(member_identifiers.c.account)).all() == [THERE]
    if isinstance(left.house.database, SQLiteFile):
        assert in_files(left.house, PLANT) == in_files(left.house, NUMBER) == []
    files = done.erased["batch files"]
    entry = next(one for one in entries(left.house, "erased") if one["rule"] == "batch files")
    assert (entry["rows"], entry["bytes"], entry["by"]) == (files.rows, files.bytes, "test")
    assert files.rows == counted(left, "SELECT count(*) FROM batch_files")
    assert {"oldest", "newest", "before", "run", "table"} < set(entry)
    assert GONE not in str(entries(left.house, "erased") + entries(left.house, "retention begun"))


def test_receipts_and_consents_stay_for_years_and_then_go(left: World):
    run(left.house, now=left.clock.now + LONG)
    assert counted(left, "SELECT count(*) FROM receipts WHERE file IS NULL") == 0
    before = counted(left, "SELECT count(*) FROM consents")

    done = run(left.house, now=left.clock.now + VERY_LONG)

    assert set(done.erased) == {"receipt files", "consents"}
    assert counted(left, "SELECT count(*) FROM receipts WHERE file IS NOT NULL") == 0
    assert counted(left, "SELECT count(*) FROM consents") == before - 2  # granted, and taken back
    with left.house.database.read() as tx:
        assert statement.statement(tx, left.house, GONE, now=left.clock.now).consents == ()


def test_what_still_proves_the_disclosure(left: World):
    now = left.clock.now + LONG
    with left.house.database.read() as tx:
        first = batches_.get(tx, 1)
        original = batches_.file(tx, 1, 1)
    run(left.house, now=now)

    with left.house.database.read() as tx:
        found = statement.statement(tx, left.house, GONE, now=now)
        [issue] = evidence.issues(tx, first)
    [life] = next(one.lives for one in found.partners if one.partner == "mx-neec")
    announced, withdrawn = life.tellings
    assert (announced.consent is not None, announced.outcome) == (True, "held")
    assert (withdrawn.outcome, len(withdrawn.receipts)) == ("withdrawn", 1)
    assert life.identifiers == ({"scheme": "SCAC", "value": ERASED},)
    assert hashlib.sha256(original).hexdigest() == issue.digest, "who kept it can prove it"
    assert issue.digest in str(entries(left.house, "disclosed"))
    assert issue.erased_at == now
    with left.house.database.write() as tx, pytest.raises(BadRequest, match="MRX-5070"):
        release.export(tx, left.house, 1, by="test", now=now)


# -- what is left on the disk ----------------------------------------------------------------------


@FILE_ONLY
def test_a_name_that_was_changed_stands_in_no_byte_of_the_file_either(small_world: World):
    for n in range(60):
        small_world.push(member(f"100000{n:02}", name=f"{PLANT} {n}"))
    for n in range(60):
        small_world.push(member(f"100000{n:02}", name=f"{STAYS} {n}"))

    assert in_files(small_world.house, PLANT), "the log has older pages until it is folded"
    small_world.house.database.wipe(["members"])

    assert in_files(small_world.house, PLANT) == []
    assert in_files(small_world.house, STAYS) != []


@SERVER_ONLY
def test_on_a_server_no_byte_of_it_is_left_once_the_files_are_written_anew(left: World):
    database = left.house.database
    assert isinstance(database, PostgreSQL)
    assert in_cluster(database, PLANT)
    run(left.house, now=left.clock.now + LONG)

    database.wipe([table for rule in RULES for table in rule.tables], whole=True)
    servers.execute(database.url, "CHECKPOINT")

    assert in_cluster(database, PLANT) == in_cluster(database, NUMBER) == []
    assert in_cluster(database, STAYS)
