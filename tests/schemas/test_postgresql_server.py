"""A PostgreSQL server that is made otherwise, is stopped, crashes, or is not there."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from schemas import server_settings
from schemas.errors import NotReady
from schemas.postgresql import PostgreSQL
from tests import servers
from tests.schemas.words import insert, opened, put, there


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
def on_mortal(mortal: servers.Postgres) -> Iterator[PostgreSQL]:
    yield from opened(mortal.url)


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


@pytest.mark.slow
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
