"""The database in one file: SQLite, one writer at a time.

Writers queue at a lock of this process, not in SQLite's busy handler, which sleeps and is unfair;
writers of other processes meet in the busy handler. `synchronous=FULL` is what makes "committed
before the first byte" survive a power cut. Measured in ENGINE's section 3.1.
"""

import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pysqlite3
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import OperationalError

from schemas.database import Database
from schemas.errors import NotReady

# Before 3.51.3 two connections that write or checkpoint at once may corrupt a WAL file.
SQLITE_MIN = (3, 51, 3)
_FREE = "foreign_keys=OFF"
_PRAGMAS = (
    "busy_timeout=10000",
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "journal_size_limit=67108864",
    # What is deleted is overwritten with zeros, so that erased names stand in no free page.
    "secure_delete=ON",
    # 32 MB: a push of thousands would otherwise copy the log into the file at every commit.
    "wal_autocheckpoint=8000",
    "cache_size=-16384",
    "temp_store=MEMORY",
)
# Of each reader, of which a server has several; the file's pages are in the system's cache too.
_READER_CACHE = "cache_size=-4096"
_SIGNS = {
    # Where the folder takes no file, not even a reader can open one: the log lies beside it.
    "MRX-9007": ("disk is full", "readonly", "disk I/O error", "unable to open database file"),
    "MRX-9012": ("database is locked",),
}

# Before the driver takes None and bytes as they are, it looks for somebody who would make something
# else of them, in vain: a microsecond each, more than the rest of a row's column. Told, it stops.
pysqlite3.register_adapter(type(None), lambda nothing: nothing)
pysqlite3.register_adapter(bytes, lambda octets: octets)


class SQLiteFile(Database):
    """One file. Raises `NotReady` MRX-9005 where SQLite is too old to share it."""

    def __init__(self, file: Path) -> None:
        if pysqlite3.sqlite_version_info < SQLITE_MIN:
            raise NotReady("MRX-9005", found=pysqlite3.sqlite_version)
        self.file = file
        self._mutex = threading.Lock()
        self._writer = _engine(file, begin="BEGIN IMMEDIATE", pragmas=_PRAGMAS)
        self._reader = _engine(
            file, begin="BEGIN", pragmas=(*_PRAGMAS, _READER_CACHE, "query_only=ON")
        )

    @contextmanager
    def write(self, *, partner: str | None = None) -> Iterator[Connection]:  # noqa: ARG002  # alone anyway
        with _said(), self._mutex, self._writer.begin() as tx:
            yield tx

    @contextmanager
    def migrate(self) -> Iterator[Connection]:
        # Foreign keys are looked at as a whole before the commit, and not on the way: SQLite
        # changes a table by making another and dropping the first.
        engine = _engine(self.file, begin="BEGIN IMMEDIATE", pragmas=(*_PRAGMAS, _FREE))
        try:
            with _said(), self._mutex, engine.begin() as tx:
                yield tx
                broken = tx.exec_driver_sql("PRAGMA foreign_key_check").all()
                if broken:
                    raise NotReady("MRX-9013")
        finally:
            engine.dispose()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with _said(), self._reader.begin() as tx:
            yield tx

    def wipe(self, tables: Collection[str], *, whole: bool = False) -> None:  # noqa: ARG002  # it is one file
        # What was erased is overwritten already (secure_delete); the log still has the pages as
        # they were, until it is folded into the file and cut off.
        with self._mutex:
            raw = self._writer.raw_connection()
            try:
                if whole:
                    raw.cursor().execute("VACUUM")
                (busy, *_) = raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            except pysqlite3.OperationalError as error:
                raise NotReady("MRX-9012") from error
            finally:
                raw.close()
        if busy:
            raise NotReady("MRX-9012")

    def exists(self) -> bool:
        return self.file.exists()

    def close(self) -> None:
        self._writer.dispose()
        self._reader.dispose()

    @property
    def version(self) -> str:
        return f"SQLite {pysqlite3.sqlite_version}"


@contextmanager
def _said() -> Iterator[None]:
    """SQLite's refusals in our codes; what is none of them as it is."""
    try:
        yield
    except OperationalError as error:
        for code, signs in _SIGNS.items():
            if any(sign in str(error.orig) for sign in signs):
                raise NotReady(code) from error
        raise


def _engine(file: Path, *, begin: str, pragmas: tuple[str, ...]) -> Engine:
    engine = create_engine(
        f"sqlite:///{file}",
        module=pysqlite3,
        # A statement kept prepared remembers its thousands of parameters, and lists differ in length.
        connect_args={"cached_statements": 32},
        pool_size=16,
        max_overflow=16,
        pool_use_lifo=True,  # the connection whose cache is warm; the others stay small
        hide_parameters=True,  # an error's text would repeat names and identifiers
    )

    @event.listens_for(engine, "connect")
    def prepare(raw: Any, _record: object) -> None:
        raw.isolation_level = None  # we say BEGIN ourselves
        for pragma in pragmas:
            raw.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def start(tx: Connection) -> None:
        # Never read first and write later: a deferred transaction that turns into a writer fails
        # with SQLITE_BUSY_SNAPSHOT, which no timeout cures.
        tx.exec_driver_sql(begin)

    return engine
