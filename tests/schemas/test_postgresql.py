"""PostgreSQL as our database: who waits for whom, what a server that goes away leaves behind, and
what an error says.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from schemas import postgresql
from schemas.errors import NotReady
from schemas.postgresql import CONNECTIONS, PostgreSQL
from tests import servers
from tests.schemas.words import insert, opened, put, there

SECONDS = 20  # more than anything here takes, on any machine


@pytest.fixture
def database(postgres: Any) -> Iterator[PostgreSQL]:
    """A database with one table of people's words."""
    yield from opened(postgres)


@pytest.fixture
def aside() -> Iterator[Callable[..., Future[Any]]]:
    """Begin something in a thread of its own."""
    with ThreadPoolExecutor() as threads:
        yield threads.submit


def waits(one: Future[Any]) -> None:
    with pytest.raises(TimeoutError):
        one.result(0.4)


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


@pytest.mark.slow
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
        for other in opened(postgres):
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
