"""The ways to use the database: a transaction that writes, one that reads, a migration.

    Database --- SQLiteFile     one file; whoever writes, writes alone            (schemas.sqlite)
             '-- PostgreSQL     a server; who works for one partner excludes      (schemas.postgresql)
                                only that partner's others, and whoever writes at large

What the two promise is the same: a transaction that writes sees all that was committed before it
began, nobody else writes meanwhile what it may look at, and it is on disk when it is committed.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from functools import cache, wraps
from typing import TypeVar

from sqlalchemy import Column, Connection, Select, Table, func, select
from sqlalchemy.dialects import postgresql, sqlite

Statement = TypeVar("Statement")


class Database(ABC):
    """One database. Safe to share between threads; made anew in every process."""

    @abstractmethod
    def write(self, *, partner: str | None = None) -> AbstractContextManager[Connection]:
        """One write transaction: committed at the end of the block, or nothing at all.

        With `partner` it writes only what stands between us and that partner (its lanes, pending
        rows, batches, disclosures, holdings, roll, inbound batches, nonces) and what is locked last
        (the ledger's head; behind it the ledger, the outcomes, the places in the feed of rolls),
        and reads of the rest only what is written without a partner. Others may then do the same
        for their partners meanwhile.

        Raises `NotReady`: MRX-9007 where the disk or the server refuses, MRX-9012 where somebody
        else held the database for too long, MRX-9014 where the server cannot be reached.
        """

    @abstractmethod
    def migrate(self) -> AbstractContextManager[Connection]:
        """A write transaction in which tables may be made anew. Raises `NotReady`, and nothing has
        happened: MRX-9013 if they do not hold together afterwards, MRX-9015 where a server's
        database keeps text in another encoding than UTF8.
        """

    @abstractmethod
    def read(self) -> AbstractContextManager[Connection]:
        """One consistent view of what is committed. Keep it short: a long one keeps old rows alive."""

    @abstractmethod
    def exists(self) -> bool:
        """Whether there is a database to open, with or without tables."""

    @abstractmethod
    def wipe(self, tables: Collection[str], *, whole: bool = False) -> None:
        """See that what was erased from these tables is gone from the database's files, as far as
        that goes beside others' work; `whole`: write them anew, while everybody waits.

        A file keeps no byte of it either way. A server forgets it for good only with `whole`: until
        then it may stand where new rows will be written. Safe to repeat. Raises `NotReady`
        MRX-9012 where others are in the way.
        """

    @abstractmethod
    def close(self) -> None:
        """End every connection. It may be used again, and opens new ones then."""

    @property
    @abstractmethod
    def version(self) -> str:
        """Which program keeps it, for whoever reports a fault: "SQLite 3.53.4"."""


def upsert(tx: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT of this database's own dialect, which knows ON CONFLICT."""
    return postgresql.insert(table) if tx.dialect.name == "postgresql" else sqlite.insert(table)


def once(build: Callable[[Connection], Statement]) -> Callable[[Connection], Statement]:
    """A statement that differs from database to database, built once for each kind of them.

    To build one costs several times what it costs to execute it.
    """
    built: dict[str, Statement] = {}

    @wraps(build)
    def found(tx: Connection) -> Statement:
        name = tx.dialect.name
        if name not in built:
            built[name] = build(tx)
        return built[name]

    return found


def next_id(tx: Connection, column: Column[int]) -> int:
    """A number for a new row, greater than all that were given before and committed.

    Where transactions write side by side it comes from the column's sequence, and a transaction
    that is rolled back leaves a gap.
    """
    number: int = tx.execute(_next(column, tx.dialect.name)).scalar_one()
    return number


@cache
def _next(column: Column[int], dialect: str) -> Select[int]:
    if dialect == "postgresql":
        of = func.pg_get_serial_sequence(column.table.name, column.name)
        return select(func.nextval(of))
    return select(func.coalesce(func.max(column), 0) + 1)
