"""On PostgreSQL, what is done for one change reads no table from end to end, however full it is
and whatever the planner knows of it.

Every statement that a push, a consent, a delivery, its receipt, a revocation and the questions of
partners and targeting systems execute is explained again, with its own parameters; and the rows
that all of them read are counted by the server.
"""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from outbox import release
from outbox.house import House
from partners import recognised
from schemas import ref as refs
from schemas.identifiers import Identifier
from schemas.postgresql import PostgreSQL
from tests.conftest import SERVER_ONLY, connected_world
from tests.world import World, answering, member

PARTNERS = ("mx-neec", "ca-pip", "tw-aeo", "il-aeo")
ROWS = 20_000  # of each table, over all partners
LOADED = """
INSERT INTO members (account, name, identifiers, status, member_since, digest, version, as_of,
                     present, unknown_status, changed_at)
  SELECT 10000000 + g, 'Invented Company ' || g, '[["SCAC","QXQQ"]]', 'VALIDATED', '2014-04-07',
         sha256(g::text::bytea), 1, 0, 1, 0, 0 FROM generate_series(1, :rows) g;
INSERT INTO member_identifiers SELECT 'MID', 'USINV' || g, 10000000 + g
  FROM generate_series(1, :rows) g;
INSERT INTO consents (id, account, programme, event, at, text, recorded_at, recorded_by)
  SELECT g, 10000000 + g, (:partners)[1 + mod(g, 4)], 'granted', 0, '2014-08', 0, 'test'
  FROM generate_series(1, :rows) g;
UPDATE consents SET text = 'neec-2014' WHERE programme = 'mx-neec';
INSERT INTO standing_consents (account, programme, consent_id, event, at, text)
  SELECT account, programme, id, event, at, text FROM consents;
INSERT INTO batches (id, lane_id, epoch, number, issue, state, stale, fence, revision, digest,
                     announcements, withdrawals, bytes, attempts, sealed_at, first_sent_at)
  SELECT nextval(pg_get_serial_sequence('batches', 'id')), l.id, l.epoch, n, 1, 'settled', 0, 1, 1,
         repeat('0', 64), :rows / 400, 0, 1, 1, 0, 0
  FROM lanes l, generate_series(1, 100) n WHERE kind = 'routine' AND partner = ANY (:partners);
UPDATE lanes SET next_number = 101, last_digest = repeat('0', 64), batch_max = 50 WHERE kind = 'routine';
INSERT INTO disclosures (ref, partner, account, lane_id, consent_id, version, told_digest,
                         told_status, told_identifiers, best_status, best_identifiers, told_at,
                         held_version, held_digest, held_at)
  SELECT given.ref, programme, account, l.id, g, 1, '\\x00', 'VALIDATED', '[]',
         'VALIDATED', '[]', 0, 1, '\\x00', 0
  FROM given JOIN consents c ON c.id = g
  JOIN lanes l ON l.partner = programme AND l.kind = 'routine';
INSERT INTO batch_notices (batch_id, ref, kind, account, version, items_digest, consent_id, outcome)
  SELECT b.id, d.ref, 'announcement', d.account, 1, '\\x00', d.consent_id, 'held'
  FROM disclosures d JOIN batches b ON b.lane_id = d.lane_id AND b.number = 1 + mod(d.consent_id, 100);
INSERT INTO pending (partner, account, ref, lane_id, rank, since)
  SELECT partner, account, '', lane_id, 5, consent_id FROM disclosures;
INSERT INTO outcomes (position, at, kind, partner, account)
  SELECT g, 0, 'held', 'mx-neec', 10000000 + g FROM generate_series(1, :rows) g;
INSERT INTO foreign_members (programme, ref, version, name, identifiers, status, member_since,
                             changed_at, leaf, change)
  SELECT (:partners)[1 + mod(g, 4)], given.ref, 1, 'Invented Company ' || g, '[]',
         'VALIDATED', '2014-04-07', 0, '\\x00', g FROM given;
INSERT INTO foreign_identifiers (programme, ref, scheme, value, source, added_at)
  SELECT programme, ref, 'MID', 'MXINV' || change, 'partner', 0 FROM foreign_members;
UPDATE home SET consents_as_of = :now;
"""
BIG = frozenset(re.findall(r"INSERT INTO (\w+)", LOADED)) - {"batches"}
SCANNED = re.compile(r"Seq Scan on (\w+)")
# By index or not: what conditions then throw away counts, too.
READ = text(
    "SELECT relname, coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)"
    " FROM pg_stat_user_tables WHERE relname = ANY (:big)"
)
# Of 20,000 of each. A statement that reads one partner's 5,000 for each of its pairs is far beyond.
ROWS_READ_MAX = 3_000


@contextmanager
def listening(house: House) -> Iterator[list[tuple[str, Any]]]:
    """The statements that are executed meanwhile, each with (one of) its parameters."""
    assert isinstance(house.database, PostgreSQL)
    said: dict[str, Any] = {}

    def hear(
        _tx: Connection, _cursor: Any, statement: str, values: Any, _context: Any, many: bool
    ) -> None:
        said.setdefault(statement, values[0] if many else values)

    found: list[tuple[str, Any]] = []
    event.listen(house.database.engine, "before_cursor_execute", hear)
    yield found
    event.remove(house.database.engine, "before_cursor_execute", hear)
    found += said.items()


def read_so_far(house: House) -> Counter[str]:
    """How many rows of each big table all connections have read."""
    house.database.close()  # each says what it has read before it ends, at the latest
    with house.database.read() as tx:
        return Counter(dict(tx.execute(READ, {"big": list(BIG)}).all()))


@pytest.fixture(params=["all", "nothing", "that they were empty"])
def loaded(
    tmp_path: Any, key_files: Any, server: Any, request: pytest.FixtureRequest
) -> Iterator[World]:
    """A gateway with much of everything, and what its server knows of that: PostgreSQL looks at
    its tables again some time after they have grown, up to a minute later.
    """
    world = connected_world(tmp_path, key_files, PARTNERS, server=server)
    now = int(world.clock.now.timestamp() * 1_000_000)
    with world.house.database.write() as tx:
        for table in BIG:
            tx.exec_driver_sql(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")
        if request.param == "that they were empty":
            tx.exec_driver_sql("ANALYZE")
        partners = "ARRAY[" + ", ".join(f"'{one}'" for one in PARTNERS) + "]"
        filled = LOADED.replace(":rows", str(ROWS)).replace(":partners", partners)
        tx.exec_driver_sql("CREATE TEMP TABLE given (ref text, g bigint) ON COMMIT DROP")
        given = text(
            "INSERT INTO given SELECT * FROM unnest(CAST(:refs AS text[])) WITH ORDINALITY"
        )
        tx.execute(given, {"refs": [refs.new() for _ in range(ROWS)]})
        for statement in filled.replace(":now", str(now)).strip().split(";\n"):
            tx.exec_driver_sql(statement)
        if request.param == "all":
            tx.exec_driver_sql("ANALYZE")
    yield world
    world.house.database.close()


@SERVER_ONLY
def test_no_table_is_read_for_a_change_from_its_push_to_its_receipt(loaded: World):
    world, house = loaded, loaded.house
    # The other ends have nothing of what was loaded: there is nothing to compare.
    world.wire.answer = answering(lambda said: replace(said, holdings=None))
    before = read_so_far(house)
    with listening(house) as said:
        world.push(*(member(str(10000000 + n), name="Invented") for n in range(1, 6)))
        world.grant("10000001", "10000002")
        world.delivery().work(only="mx-neec")
        number = world.revoke("10000005", of="ca-pip")
        assert number
        world.delivery().work(only="ca-pip", rank_max=0)
        with house.database.write(partner="tw-aeo") as tx:
            release.answer(tx, house, "tw-aeo", Identifier("MID", "USINV2"), now=world.clock())
    read = read_so_far(house) - before
    assert_no_table_is_read(house, said, at_least=60)
    assert read.total() <= ROWS_READ_MAX, read


@SERVER_ONLY
@pytest.mark.parametrize("loaded", ["all"], indirect=True)
def test_nor_for_the_questions_of_targeting_systems(loaded: World):
    house, now = loaded.house, loaded.clock()
    with listening(house) as said, house.database.read() as tx:
        some = [Identifier("MID", f"MXINV{n}") for n in range(1, 101)]
        assert all(recognised.find(tx, some, now=now).values())
        assert recognised.changes(tx, ROWS - 10, 100, now=now)
    assert_no_table_is_read(house, said, at_least=3)


def assert_no_table_is_read(house: House, said: list[tuple[str, Any]], *, at_least: int):
    plans = {}
    with house.database.write() as tx:
        for statement, values in said:
            if re.match(r"(SELECT|INSERT|UPDATE|DELETE)\b", statement):
                plan = tx.exec_driver_sql("EXPLAIN " + statement, values)
                plans[statement] = "\n".join(plan.scalars())
    assert len(plans) > at_least
    found = {
        statement: plan for statement, plan in plans.items() if BIG & set(SCANNED.findall(plan))
    }
    assert found == {}, "\n\n".join(f"{one}\n{plan}" for one, plan in found.items())
