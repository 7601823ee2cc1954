"""Whoever erases reads so many entries of an index and no table, however much there is."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from outbox import expired, retention_run
from outbox.house import House
from outbox.retention import RULES
from schemas.postgresql import PostgreSQL
from schemas.sqlite import SQLiteFile
from schemas.tables import stored
from tests.world import START, World

ROWS = 20_000
OLD = stored(START)
LOADED = """
WITH RECURSIVE n(g) AS (SELECT 1 UNION ALL SELECT g + 1 FROM n WHERE g < :rows)
INSERT INTO batches (id, lane_id, epoch, number, issue, state, stale, fence, revision, digest,
  announcements, withdrawals, bytes, attempts, sealed_at, first_sent_at, closed_at)
  SELECT g, 1, 'e', g, 1, 'settled', 0, 1, 1, 'd', 1, 0, 1, 1, :old + g, :old + g, :old + g FROM n;
INSERT INTO batch_files (batch_id, issue, digest, file, sealed_at)
  SELECT id, 1, digest, :file, sealed_at FROM batches;
INSERT INTO receipts (digest, lane_id, epoch, number, issue, file, level, certificate, received_at)
  SELECT 'r' || id, 1, 'e', id, 1, :file, 'applied', 'c', sealed_at FROM batches;
INSERT INTO inbound_batches (partner, kind, epoch, number, issue, digest, file, receipt,
  certificate, received_at)
  SELECT 'mx-neec', 'routine', 'e', id, 1, digest, :file, :file, 'c', sealed_at FROM batches;
INSERT INTO disclosures (ref, partner, account, lane_id, consent_id, version, told_digest,
  told_status, told_identifiers, best_status, best_identifiers, told_at, withdraw_since, gone_at)
  SELECT 'Z' || id, 'mx-neec', CAST(10000000 + id AS TEXT), 1, 1, 1, :file, 'VALIDATED',
  '[["SCAC","QXQQ"]]', 'VALIDATED', '[["SCAC","QXQQ"]]', sealed_at, sealed_at, sealed_at
  FROM batches;
INSERT INTO members (account, name, identifiers, status, member_since, digest, version, as_of,
  present, unknown_status, changed_at)
  SELECT CAST(10000000 + id AS TEXT), 'Invented Company ' || id, '[["SCAC","QXQQ"]]', 'VALIDATED',
  '2014-04-07', :file, 1, sealed_at, 0, 0, sealed_at FROM batches;
INSERT INTO member_identifiers (scheme, value, account) SELECT 'SCAC', 'QXQQ', account FROM members;
INSERT INTO consents (id, account, programme, event, at, recorded_at, recorded_by)
  SELECT id, CAST(10000000 + id AS TEXT), 'mx-neec', 'granted', sealed_at, sealed_at, 't'
  FROM batches
"""
LATER = START + timedelta(days=14 * 366)


@pytest.fixture
def full(small_world: World) -> House:
    """Twenty thousand of everything, all of it over its term, and no statistics."""
    given = {"rows": ROWS, "old": OLD, "file": b"x" * 40}
    with small_world.house.database.write() as tx:
        for statement in LOADED.split(";"):
            known = {name: value for name, value in given.items() if f":{name}" in statement}
            tx.execute(text(statement), known)
    return small_world.house


@contextmanager
def listening(house: House) -> Iterator[list[tuple[str, Any]]]:
    heard: list[tuple[str, Any]] = []

    def hear(_tx: object, _cursor: object, statement: str, values: Any, *_: object) -> None:
        heard.append((statement, values))

    database = house.database
    engine = database.engine if isinstance(database, PostgreSQL) else database._reader
    event.listen(engine, "before_cursor_execute", hear)
    yield heard
    event.remove(engine, "before_cursor_execute", hear)


def plan(tx: Connection, statement: str, values: Any) -> str:
    how = "EXPLAIN QUERY PLAN " if tx.dialect.name == "sqlite" else "EXPLAIN "
    return "\n".join(str(row) for row in tx.exec_driver_sql(how + statement, values))


@pytest.mark.slow
@pytest.mark.parametrize("rule", [rule.name for rule in RULES])
def test_each_rule_is_looked_up_by_its_index(full: House, rule: str):
    with full.database.read() as tx, listening(full) as heard:
        first = expired.look(tx, rule, before=LATER, after=[], most=500)
        after = expired.place(rule, first[-1]) if first else []
        expired.look(tx, rule, before=LATER, after=after, most=500)
    with full.database.read() as tx:
        for statement, values in [one for one in heard if "candidates" in one[0]]:
            said = plan(tx, statement, values)
            if isinstance(full.database, SQLiteFile):
                scans = [row for row in said.splitlines() if "SCAN" in row]
                assert all("candidates" in row for row in scans), said
            else:
                empty = ("Seq Scan on pushes", "Seq Scan on pending")
                for one in empty:
                    said = said.replace(one, "")
                assert "Seq Scan" not in said, said


def test_a_chunk_is_so_many_statements_and_rows_whatever_there_is(full: House):
    with full.database.write() as tx:
        retention_run.begin(tx, full, by="test", reason="a test", now=LATER)
    counts: list[tuple[int, int]] = []
    for _ in range(12):
        heard: list[str] = []
        with writing(full, heard):
            retention_run.go_on(full, now=LATER)
        with full.database.read() as tx:
            found = retention_run.open_run(tx)
        assert found is not None
        counts.append((len(heard), found.rows))

    assert [rows for _, rows in counts] == [500 * n for n in range(1, 13)]
    assert len({statements for statements, _ in counts}) == 1
    assert counts[0][0] <= 10


@contextmanager
def writing(house: House, heard: list[str]) -> Iterator[None]:
    def hear(_tx: object, _cursor: object, statement: str, *_: object) -> None:
        heard.append(statement)

    database = house.database
    engine = database.engine if isinstance(database, PostgreSQL) else database._writer
    event.listen(engine, "before_cursor_execute", hear)
    yield
    event.remove(engine, "before_cursor_execute", hear)


def test_what_may_not_go_is_passed_over_by_reading_alone(full: House):
    """Twenty thousand batches wait for an answer for years: the run does not hold the database."""
    with full.database.write() as tx:
        tx.execute(text("DELETE FROM receipts"))
        tx.execute(text("DELETE FROM inbound_batches"))
        tx.execute(text("UPDATE batches SET state = 'received', closed_at = NULL"))
        retention_run.begin(tx, full, by="test", reason="a test", now=LATER)
    rounds = 0
    with full.database.read() as tx:
        found = retention_run.open_run(tx)
    while found is not None and found.rule == "batch files":
        retention_run.go_on(full, now=LATER)
        rounds += 1
        with full.database.read() as tx:
            found = retention_run.open_run(tx)

    assert rounds <= ROWS / 500 / retention_run.EMPTY_SLICES + 2
