"""The database on a PostgreSQL server: any number of processes on any number of hosts.

Two locks of the server, each held from the first statement of a transaction to its end, make what
SQLite gives by itself:

    a transaction at large        the gateway's lock, alone
    one for a single partner      the gateway's lock, shared, then the partner's lock, alone

So a revocation, a push or an operator's order meets nobody half-way, while deliveries to different
partners go on side by side. Waiting is in order of coming. Rows are never locked before these, and
what two partners' transactions both write, the ledger's head, is locked last: there is no circle.

READ COMMITTED, because a check after a lock must see what was committed before the lock was given.
A reader has one view (REPEATABLE READ) and takes no lock.

What the server says of an error is not passed on, only its kind and the constraint: its words
repeat values (DETAIL: Key (account)=(...) already exists).
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import URL, Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from schemas.database import Database
from schemas.errors import NotReady

if TYPE_CHECKING:
    import psycopg

# Nothing is done half: a transaction whose process is frozen is ended by the server before those
# who wait for its locks give up; it is repeated by who sees it.
# No statement runs for so long that compiling it pays; it costs half a second where a plan looks
# dear, as plans of tables do that were just filled.
_OPTIONS = (
    "-c lock_timeout=20s -c idle_in_transaction_session_timeout=15s -c timezone=UTC -c jit=off"
)
CONNECTIONS = 32
_ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || ' mrx', 0))")
_FOR_ONE = text(
    "SELECT pg_advisory_xact_lock_shared(hashtextextended(current_schema() || ' mrx', 0)),"
    " pg_advisory_xact_lock(hashtextextended(current_schema() || ' mrx ' || :partner, 0))"
)
_ENCODING = text("SHOW server_encoding")
# SQLSTATE classes: PostgreSQL documentation, appendix A.
_BUSY = frozenset({"55P03", "40P01", "40001", "57014", "25P03", "25P04"})
# 0A000 is what a standby says to BEGIN READ WRITE, before it could say 25006 of a write.
_REFUSED = ("53", "58", "25006", "0A000")
_AWAY = ("08", "57P")


class PostgreSQL(Database):
    """A database by its URL, `postgresql+psycopg://...`. Connects when it is first used."""

    def __init__(self, url: URL) -> None:
        self.url = url
        self._writer = create_engine(
            url,
            connect_args={
                "options": _OPTIONS,
                "connect_timeout": 5,
                # Where a database keeps text in SQL_ASCII the driver gives bytes, unless told.
                "client_encoding": "utf8",
            },
            isolation_level="READ COMMITTED",
            pool_size=CONNECTIONS // 2,
            max_overflow=CONNECTIONS // 2,
            pool_pre_ping=True,  # a server that was restarted costs no error
            hide_parameters=True,  # an error's text would repeat names and identifiers
            execution_options={"preserve_rowcount": True},  # of an INSERT with ON CONFLICT too
        )
        self._reader = self._writer.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )

    @contextmanager
    def write(self, *, partner: str | None = None) -> Iterator[Connection]:
        with _said(), self._writer.begin() as tx:
            if partner is None:
                tx.execute(_ALONE)
            else:
                tx.execute(_FOR_ONE, {"partner": partner})
            yield tx

    @contextmanager
    def migrate(self) -> Iterator[Connection]:
        with self.write() as tx:
            if tx.scalar(_ENCODING) != "UTF8":
                # It would refuse names in other scripts, or keep them unchecked.
                raise NotReady("MRX-9015")
            yield tx

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with _said(), self._reader.begin() as tx:
            yield tx

    def wipe(self, tables: Collection[str], *, whole: bool = False) -> None:
        # A vacuum cannot run in a transaction. It lets new rows be written where dead ones stand;
        # a full one makes each table's file anew, under a lock that nobody passes.
        alone = self._writer.execution_options(isolation_level="AUTOCOMMIT")
        with _said(), alone.connect() as session:
            for table in sorted(set(tables)):
                session.exec_driver_sql(f"VACUUM {'(FULL) ' if whole else ''}{table}")

    def exists(self) -> bool:
        with self.read():
            return True

    def close(self) -> None:
        self._writer.dispose()

    @property
    def version(self) -> str:
        with self.read() as tx:
            return f"PostgreSQL {tx.scalar(text('SHOW server_version'))}"

    @property
    def engine(self) -> Engine:
        """For what only PostgreSQL has: COPY, its own settings."""
        return self._writer


@contextmanager
def _said() -> Iterator[None]:
    """The server's refusals in our codes; what is none of them, without its words."""
    import psycopg  # noqa: PLC0415  # a tenth of a second, which a gateway on a file does not pay

    try:
        yield
    except NoConnectionFree as error:
        raise NotReady("MRX-9012") from error
    except (DBAPIError, psycopg.Error) as error:
        said = error.orig if isinstance(error, DBAPIError) else error
        assert isinstance(said, psycopg.Error), "no other driver is loaded"
        code = _code(said)
        told = (f"{type(said).__name__} {said.sqlstate} {said.diag.constraint_name or ''}".strip(),)
        if said.sqlstate is not None:
            error.args = said.args = told
        if code is None:
            raise
        raise NotReady(code) from error


def _code(error: "psycopg.Error") -> str | None:
    import psycopg  # noqa: PLC0415

    state = error.sqlstate
    if state is None:  # it never came to the server, or the server is gone
        gone = isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
        return "MRX-9014" if gone else None
    if state in _BUSY:
        return "MRX-9012"
    if state.startswith(_REFUSED):
        return "MRX-9007"
    return "MRX-9014" if state.startswith(_AWAY) else None
