"""What is over its term is erased, in the states that allow it; what is not stays."""

import hashlib
import itertools
from datetime import timedelta

import orjson
import pytest
from sqlalchemy import select, text

from outbox import batch as batches_
from outbox import evidence, expired, ledger, release, retention_run, statement
from outbox.retention import BY_NAME, ERASED, KEPT, RULES, SWEPT, Retention
from outbox.retention_run import State
from partners import roll
from schemas.errors import BadRequest, NotReady
from schemas.postgresql import PostgreSQL
from schemas.sqlite import SQLiteFile
from schemas.tables import (
    batch_files,
    disclosures,
    inbound_batches,
    member_identifiers,
    metadata,
    receipts,
)
from schemas.tables import ledger as entries
from tests import servers
from tests.conftest import FILE_ONLY, SERVER_ONLY
from tests.outbox.long_ago import (
    GONE,
    NUMBER,
    PLANT,
    STAYS,
    THERE,
    in_cluster,
    in_files,
    run,
    says,
    told_and_left,
)
from tests.world import BUSY, LOST_ANSWER, World, member

YEAR, LONG, VERY_LONG = timedelta(days=364), timedelta(days=500), timedelta(days=14 * 366)
FILES = "SELECT count(*) FROM batch_files WHERE file IS NOT NULL"


@pytest.fixture
def left(small_world: World) -> World:
    return told_and_left(small_world)


def told(world: World, kind: str) -> list[dict[str, object]]:
    query = select(entries.c.entry).where(entries.c.kind == kind).order_by(entries.c.position)
    with world.house.database.read() as tx:
        return [orjson.loads(row) for row in tx.scalars(query)]


def counted(world: World, query: str) -> int:
    with world.house.database.read() as tx:
        found: int = tx.execute(text(query)).scalar_one()
        return found


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
    assert told(left, "erased") == []
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
    entry = next(one for one in told(left, "erased") if one["rule"] == "batch files")
    assert (entry["rows"], entry["bytes"], entry["by"]) == (files.rows, files.bytes, "test")
    assert files.rows == counted(left, "SELECT count(*) FROM batch_files")
    assert {"oldest", "newest", "before", "run", "table"} < set(entry)
    assert GONE not in str(told(left, "erased") + told(left, "retention begun"))


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
    assert issue.digest in str(told(left, "disclosed"))
    assert issue.erased_at == now
    with left.house.database.write() as tx, pytest.raises(BadRequest, match="MRX-5070"):
        release.export(tx, left.house, 1, by="test", now=now)


# -- what stays ------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", [LOST_ANSWER, BUSY])
def test_a_batch_without_an_answer_keeps_its_file_for_ever(small_world: World, word: str):
    small_world.push(member(GONE))
    small_world.grant(GONE)
    small_world.wire.plan = [word]
    small_world.deliver(1)

    done = run(small_world.house, now=small_world.clock.now + VERY_LONG)

    assert done.rows == 0
    small_world.deliver()
    assert len(small_world.held("mx-neec")) == 1, "the same bytes went again"


def test_a_former_member_somebody_may_hold_stays(small_world: World):
    small_world.push(member(GONE), member(THERE), mode="snapshot")
    small_world.grant(GONE, THERE)
    small_world.deliver()
    small_world.wire.plan = [LOST_ANSWER] * 9
    small_world.push(member(THERE), mode="snapshot", approve=True)
    small_world.deliver(1)

    done = run(small_world.house, now=small_world.clock.now + LONG)

    assert set(done.erased) == {"batch files"}
    with small_world.house.database.read() as tx:
        assert roll.get(tx, GONE).member.name != ERASED


def test_a_member_that_comes_back_is_told_anew_under_another_reference(left: World):
    run(left.house, now=left.clock.now + LONG)
    left.clock.forward(days=501)
    left.push(member(THERE), member(GONE, name=f"{STAYS} again"))
    left.grant(GONE)
    left.deliver()

    assert left.held("mx-neec").keys() >= {f"{STAYS} again"}
    with left.house.database.read() as tx:
        refs = tx.scalars(select(disclosures.c.ref).where(disclosures.c.account == GONE)).all()
    assert len(refs) == 2


def test_numbers_stay_while_a_law_over_there_retains_the_record(left: World):
    with left.house.database.write() as tx:
        tx.execute(text("UPDATE disclosures SET retained_until = '2031-01-01'"))

    assert "told numbers" not in run(left.house, now=left.clock.now + LONG).erased
    assert "told numbers" in run(left.house, now=left.clock.now + VERY_LONG).erased


# -- afterwards everything goes on -----------------------------------------------------------------


def test_a_receipt_that_comes_again_after_its_file_went_changes_nothing(left: World):
    from outbox import receipts as taking  # the table has the name

    with left.house.database.read() as tx:
        file = bytes(tx.scalars(select(receipts.c.file)).first() or b"")
    run(left.house, now=left.clock.now + VERY_LONG)
    before = counted(left, "SELECT size FROM ledger_head")

    believed = taking.believe(left.house, "mx-neec", file, now=left.clock.now)
    with left.house.database.write() as tx:
        batch = taking.answered(tx, believed, "mx-neec", now=left.clock.now)
        taking.settle(tx, left.house, batch, believed, now=left.clock.now)

    assert counted(left, "SELECT size FROM ledger_head") == before
    assert counted(left, "SELECT count(*) FROM outcomes WHERE kind = 'held'") == 2


def test_a_repeated_batch_is_answered_with_the_stored_receipt(left: World):
    """At the other end, whose copy of what came was erased."""
    mexico = left.partners["mx-neec"]
    _, file = left.wire.journal[0]
    with mexico.database.read() as tx:
        before = tx.execute(select(inbound_batches).order_by(inbound_batches.c.number)).first()

    done = run(mexico, now=left.clock.now + LONG)

    assert "inbound files" in done.erased
    with mexico.database.read() as tx:
        assert says(tx, PLANT) == []
        row = tx.execute(select(inbound_batches).order_by(inbound_batches.c.number)).first()
    assert (row.file, row.receipt, row.digest) == (None, before.receipt, before.digest)
    from gateway import inbound

    again = inbound.take(mexico, file, bytes_max=32 << 20, now=left.clock.now)
    assert again == bytes(row.receipt)


# -- killed, and bounded ---------------------------------------------------------------------------


@pytest.fixture
def many(small_world: World) -> World:
    """A dozen batches that were answered."""
    accounts = [f"100000{n:02}" for n in range(12)]
    for account in accounts:
        small_world.push(member(account, name=f"{PLANT} {account}"))
        small_world.grant(account)
        small_world.deliver()
    return small_world


def test_a_run_that_dies_at_any_chunk_goes_on_and_erases_all_once(
    many: World, monkeypatch: pytest.MonkeyPatch
):
    class Killed(BaseException):
        pass

    now, plain = many.clock.now + LONG, ledger.add
    house, deaths = many.house, 0
    with house.database.write() as tx:
        retention_run.begin(tx, house, by="test", reason="a test", now=now)
    alive = True
    while alive:
        # Once just before the commit of each chunk, then the same chunk to its end.
        monkeypatch.setattr(expired, "erase", _dying(expired.erase, Killed))
        try:
            retention_run.go_on(house, now=now, chunk=5)
        except Killed:
            deaths += 1
        monkeypatch.undo()
        before = counted(many, FILES)
        with house.database.read() as tx:
            row = tx.execute(text("SELECT erased FROM retention_runs")).scalar_one()
        done = orjson.loads(row).get("batch files", {"rows": 0})["rows"]
        assert before + done == 12, "what is gone is counted, and nothing else"
        alive = retention_run.go_on(house, now=now, chunk=5)

    assert (deaths >= 3, plain is ledger.add) == (True, True)
    assert counted(many, FILES) == 0
    [entry] = told(many, "erased")
    assert entry["rows"] == 12
    with house.database.read() as tx:
        assert ledger.verify(tx).broken_at is None


def _dying(plain, killed):
    def erase(tx, rule, rows, *, now):
        plain(tx, rule, rows, now=now)
        if rows:
            raise killed

    return erase


def test_there_is_one_run_at_a_time_and_two_who_work_it_do_no_harm(many: World):
    now = many.clock.now + LONG
    house = many.house
    with house.database.write() as tx:
        retention_run.begin(tx, house, by="test", reason="a test", now=now)
    with house.database.write() as tx, pytest.raises(BadRequest, match="MRX-7015"):
        retention_run.begin(tx, house, by="other", reason="a test", now=now)

    many.clock.forward(days=500)
    many.push(member("10000099"))
    many.grant("10000099")
    assert retention_run.go_on(house, now=now, chunk=5)
    many.deliver()  # somebody else works between two chunks
    while retention_run.go_on(house, now=now, chunk=5):
        pass

    assert counted(many, FILES) == 1, "what was sealed since is not over its term"


def test_a_chunk_erases_so_many_bytes_and_no_more(many: World, monkeypatch: pytest.MonkeyPatch):
    now = many.clock.now + LONG
    with many.house.database.read() as tx:
        size = tx.scalar(select(batch_files.c.file)).__len__()
    monkeypatch.setattr(retention_run, "CHUNK_BYTES", 3 * size)
    with many.house.database.write() as tx:
        retention_run.begin(tx, many.house, by="test", reason="a test", now=now)

    left = [counted(many, FILES)]
    while retention_run.go_on(many.house, now=now):
        left.append(counted(many, FILES))

    steps = [a - b for a, b in itertools.pairwise(left)]
    assert left[-1] == 0
    assert max(steps) <= 4


def test_a_reader_in_the_way_makes_the_wiping_wait_and_nothing_is_lost(
    left: World, monkeypatch: pytest.MonkeyPatch
):
    def busy(*_tables: object, **_how: object) -> None:
        raise NotReady("MRX-9012")

    now = left.clock.now + LONG
    monkeypatch.setattr(type(left.house.database), "wipe", busy)
    with pytest.raises(NotReady, match="MRX-9012"):
        run(left.house, now=now)
    with left.house.database.read() as tx:
        found = retention_run.open_run(tx)
    assert found is not None
    assert found.state is State.WIPING
    monkeypatch.undo()

    assert not retention_run.go_on(left.house, now=now)

    with left.house.database.read() as tx:
        assert retention_run.open_run(tx) is None


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
