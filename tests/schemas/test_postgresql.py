"""PostgreSQL as our database: who waits for whom, what a server that goes away leaves behind, and
what an error says.
"""

import shutil
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from schemas import postgresql, server_settings
from schemas.errors import NotReady
from schemas.postgresql import CONNECTIONS, PostgreSQL
from tests import servers

SECONDS = 20  # more than anything here takes, on any machine
NAME, ACCOUNT = "Invented Company", "10000001"


@pytest.fixture(scope="module")
def mortal() -> Iterator[servers.Postgres]:
    """A server of our own, set up as it comes, to be stopped and started."""
    home = Path(tempfile.mkdtemp(prefix="mrx-pg-"))
    try:
        server = servers.Postgres(home)
        yield server
        server.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def database(postgres: Any) -> Iterator[PostgreSQL]:
    """A database with one table of people's words."""
    yield from _database(postgres)


@pytest.fixture
def on_mortal(mortal: servers.Postgres) -> Iterator[PostgreSQL]:
    yield from _database(mortal.url)


def _database(server: Any) -> Iterator[PostgreSQL]:
    url = servers.create(server)
    made = PostgreSQL(url)
    with made.migrate() as tx:
        tx.exec_driver_sql("CREATE TABLE t (account text PRIMARY KEY, name text NOT NULL, n int)")
    yield made
    made.close()
    servers.drop(server, url)


@pytest.fixture
def aside() -> Iterator[Callable[..., Future[Any]]]:
    """Begin something in a thread of its own."""
    with ThreadPoolExecutor() as threads:
        yield threads.submit


def put(database: PostgreSQL, account: str, *, partner: str | None = None) -> None:
    with database.write(partner=partner) as tx:
        insert(tx, account)


def insert(tx: Connection, account: str) -> None:
    tx.execute(
        text("INSERT INTO t VALUES (:account, :name, 1)"), {"account": account, "name": NAME}
    )


def there(database: PostgreSQL) -> list[str]:
    with database.read() as tx:
        return list(tx.scalars(text("SELECT account FROM t ORDER BY account")))


def waits(one: Future[Any]) -> None:
    with pytest.raises(TimeoutError):
        one.result(0.4)


# -- who waits for whom ----------------------------------------------------------------------------


def test_for_two_partners_at_once(database: PostgreSQL):
    with database.write(partner="mx-neec") as one, database.write(partner="ca-pip") as other:
        insert(one, "1")
        insert(other, "2")
    assert there(database) == ["1", "2"]


@pytest.mark.parametrize(
    ("first", "second"),
    [("mx-neec", "mx-neec"), ("mx-neec", None), (None, "mx-neec"), (None, None)],
)
def test_one_after_the_other(database: PostgreSQL, aside, first: str | None, second: str | None):
    """And the second sees what the first has done, although it began before its end."""

    def read() -> int | None:
        with database.write(partner=second) as tx:
            return tx.scalar(text("SELECT count(*) FROM t"))

    with database.write(partner=first) as tx:
        waiting = aside(read)
        waits(waiting)
        insert(tx, "1")
    assert waiting.result(SECONDS) == 1


def test_who_writes_at_large_is_not_overtaken(database: PostgreSQL, aside):
    """Deliveries begin all the time; a revocation waits only for those that had begun before it."""
    with database.write(partner="mx-neec"):
        at_large = aside(put, database, "at large")
        waits(at_large)
        later = aside(put, database, "later", partner="ca-pip")
        waits(later)
    at_large.result(SECONDS)
    later.result(SECONDS)


def test_two_gateways_on_one_server_do_not_wait_for_each_other(database: PostgreSQL, postgres: Any):
    with database.write():
        for other in _database(postgres):
            put(other, "1")


def test_a_reader_has_one_view_and_waits_for_nobody(database: PostgreSQL):
    with database.read() as view:
        assert view.scalar(text("SELECT count(*) FROM t")) == 0
        with database.write() as tx:
            insert(tx, "1")
            assert there(database) == []
        assert view.scalar(text("SELECT count(*) FROM t")) == 0
        with pytest.raises(DBAPIError):
            insert(view, "2")
        view.rollback()


def test_who_waits_too_long_is_told_so(database: PostgreSQL, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(postgresql, "_OPTIONS", "-c lock_timeout=200ms")
    hurried = PostgreSQL(database.url)
    with database.write(), pytest.raises(NotReady, match="MRX-9012"):
        put(hurried, "1")
    put(hurried, "2")
    assert there(database) == ["2"]
    hurried.close()


def test_who_finds_no_connection_free_is_told_so(
    database: PostgreSQL, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(database.engine.pool, "_timeout", 0.1)
    with ExitStack() as busy:
        for _ in range(CONNECTIONS):
            busy.enter_context(database.read())
        with pytest.raises(NotReady, match="MRX-9012"):
            put(database, "1")
    put(database, "2")
    assert there(database) == ["2"]


def test_who_dies_inside_holds_nobody_up(database: PostgreSQL, aside):
    """Its connection ends, and the server undoes what it had begun."""
    backend: Future[int] = Future()
    ended = threading.Event()

    def die() -> None:
        with database.write() as tx:
            insert(tx, "1")
            backend.set_result(tx.scalar(text("SELECT pg_backend_pid()")))
            assert ended.wait(SECONDS)
            insert(tx, "2")

    dying = aside(die)
    pid = backend.result(SECONDS)
    servers.execute(database.url, f"SELECT pg_terminate_backend({pid})")
    put(database, "3")
    ended.set()

    with pytest.raises(NotReady, match="MRX-9014"):
        dying.result(SECONDS)
    assert there(database) == ["3"]


# -- text in another encoding ----------------------------------------------------------------------


@pytest.fixture
def elsewhere(postgres: Any, request: pytest.FixtureRequest) -> Iterator[PostgreSQL]:
    """An empty database that keeps text in another encoding."""
    url = servers.create(postgres)
    servers.drop(postgres, url)
    servers.execute(
        postgres,
        f"CREATE DATABASE {url.database} ENCODING '{request.param}' LOCALE 'C' TEMPLATE template0",
    )
    made = PostgreSQL(url)
    yield made
    made.close()
    servers.drop(postgres, url)


@pytest.mark.parametrize("elsewhere", ["SQL_ASCII", "LATIN1"], indirect=True)
def test_no_tables_are_made_where_names_in_other_scripts_would_be_refused(elsewhere: PostgreSQL):
    with pytest.raises(NotReady, match="MRX-9015"), elsewhere.migrate():
        pytest.fail("it began")


@pytest.mark.parametrize("elsewhere", ["SQL_ASCII"], indirect=True)
def test_what_such_a_database_says_is_text_all_the_same(elsewhere: PostgreSQL):
    with elsewhere.read() as tx:
        assert isinstance(tx.scalar(text("SELECT current_setting('server_version')")), str)
        assert isinstance(tx.scalar(text("SELECT nspname FROM pg_namespace LIMIT 1")), str)


# -- a server that goes away -----------------------------------------------------------------------


@pytest.mark.parametrize("how", ["immediate", "fast"])
def test_a_server_that_is_stopped_leaves_nothing_half_done(
    mortal: servers.Postgres, on_mortal: PostgreSQL, how: str
):
    put(on_mortal, "before")

    def begin() -> None:
        with on_mortal.write() as tx:
            insert(tx, "half")
            mortal.stop(how)
            insert(tx, "other half")

    with pytest.raises(NotReady, match="MRX-9014"):
        begin()
    for use in (there, lambda database: put(database, "nowhere")):
        with pytest.raises(NotReady, match="MRX-9014"):
            use(on_mortal)

    mortal.start()

    # The same pool, whose connections are all dead.
    assert there(on_mortal) == ["before"]
    put(on_mortal, "after")
    assert there(on_mortal) == ["after", "before"]


def test_a_server_that_is_stopped_before_the_commit_has_not_committed(
    mortal: servers.Postgres, on_mortal: PostgreSQL
):
    def begin() -> None:
        with on_mortal.write(partner="mx-neec") as tx:
            insert(tx, "1")
            mortal.stop()

    with pytest.raises(NotReady, match="MRX-9014"):
        begin()
    mortal.start()
    assert there(on_mortal) == []


def test_what_is_committed_survives_a_crash_of_the_server(
    mortal: servers.Postgres, on_mortal: PostgreSQL
):
    put(on_mortal, "1")
    mortal.stop("immediate")
    mortal.start()
    assert there(on_mortal) == ["1"]


def test_no_server_at_all(tmp_path: Path):
    nowhere = PostgreSQL(
        servers.make_url("postgresql+psycopg://mrx@/mrx").set(query={"host": str(tmp_path)})
    )
    with pytest.raises(NotReady, match="MRX-9014"):
        nowhere.exists()


def test_our_sessions_take_nothing_away_from_what_the_server_promises(on_mortal: PostgreSQL):
    """What is committed is on disk; a check after a lock sees what was committed before it."""
    with on_mortal.write() as tx:
        found = server_settings.look(tx)
        isolation = tx.scalar(text("SHOW transaction_isolation"))
    assert (found.fsync, found.synchronous_commit, found.full_page_writes) == ("on", "on", "on")
    assert isolation == "read committed"
    assert found.encoding == "UTF8"


# -- what an error says ----------------------------------------------------------------------------


def twice(tx: Connection) -> None:
    insert(tx, ACCOUNT)
    insert(tx, ACCOUNT)


def without_a_name(tx: Connection) -> None:
    tx.execute(text("INSERT INTO t VALUES (:account, NULL, 1)"), {"account": ACCOUNT})


def no_number(tx: Connection) -> None:
    tx.execute(text("INSERT INTO t VALUES ('2', '2', CAST(:n AS text)::int)"), {"n": NAME})


def by_copy(tx: Connection) -> None:
    cursor = tx.connection.cursor()
    with cursor.copy("COPY t FROM STDIN") as copy:
        copy.write_row((ACCOUNT, NAME, NAME))


@pytest.mark.parametrize("wrong", [twice, without_a_name, no_number, by_copy])
def test_an_error_repeats_no_value(database: PostgreSQL, wrong: Callable[[Connection], None]):
    with pytest.raises((DBAPIError, psycopg.Error)) as raised, database.write() as tx:
        wrong(tx)

    said = "".join(traceback.format_exception(raised.value))
    assert ACCOUNT not in said
    assert NAME not in said


def test_an_error_still_says_which_rule_was_broken(database: PostgreSQL):
    said = pytest.raises(IntegrityError, match="UniqueViolation 23505 t_pkey")
    with said, database.write() as tx:
        twice(tx)
