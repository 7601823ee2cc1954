"""Many rows at once, in the way each database is quickest at.

    among   a condition on thousands of values: one parameter, one statement for any number
    one_of  the same in a statement that is built once, with the name of its parameter
    given   a table of rows that are given as a parameter, in a statement that is built once
    find    the rows of thousands of words, by an index, whatever is known of the table
    remove  the same rows, deleted
    add     new rows as the database stores them: the driver's executemany, or COPY
    change  rows that are there, by their primary key: the same, by way of a temporary table
    amend   some columns of rows that are there: the driver's executemany, or an array a column

A list of parameters would be compiled anew for every length, and SQLite takes 32,766 of them.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import (
    CTE,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Dialect,
    Row,
    Table,
    TableValuedAlias,
    Text,
    TypeDecorator,
    any_,
    bindparam,
    cast,
    func,
    select,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from schemas import statistics

FEW = 20  # to begin and end a COPY takes longer than so many rows
_POSTGRESQL = postgresql.dialect()  # type: ignore[no-untyped-call]


def among(tx: Connection, column: Column[str], values: Collection[str]) -> ColumnElement[bool]:
    """The condition that a column of words is one of these, however many they are."""
    if tx.dialect.name == "postgresql":
        array = bindparam(None, list(values), type_=postgresql.ARRAY(Text()))
        return column == any_(array)
    listed = func.json_each(orjson.dumps(list(values)).decode()).table_valued("value")
    return column.in_(select(listed.c.value))


def one_of(column: ColumnElement[str], name: str) -> ColumnElement[bool]:
    """The condition that a column of words is one of the list that is given as parameter `name`.

    For statements that are built once. The list is one text of JSON: the driver writes an array
    word by word. An index must begin with the column, or with others that are given.
    """
    return _one_of(column, bindparam(name, type_=_List()))


def given(tx: Connection, name: str, columns: Mapping[str, TypeEngine[Any]]) -> CTE:
    """The rows of the parameter `name`, a list of lists, as a table with these columns: words and
    whole numbers. The statement differs from database to database: `schemas.database.once`.
    """
    listed = bindparam(name, type_=_List())
    each: TableValuedAlias
    found: list[ColumnElement[Any]]
    if tx.dialect.name == "postgresql":
        each = func.json_array_elements(cast(listed, postgresql.JSON)).table_valued("value")
        found = [each.c.value.op("->>")(n) for n in range(len(columns))]
    else:
        each = func.json_each(listed).table_valued("value")
        found = [func.json_extract(each.c.value, f"$[{n}]") for n in range(len(columns))]
    typed = zip(columns.items(), found, strict=True)
    return (
        select(*(cast(one, kind).label(named) for (named, kind), one in typed))
        .cte(name)
        .prefix_with("MATERIALIZED")
    )


class _List(TypeDecorator[Collection[Any]]):
    """A list, given as one text of JSON."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Collection[Any] | None, _dialect: Dialect) -> str | None:
        return None if value is None else orjson.dumps(list(value)).decode()


class _one_of(FunctionElement[bool]):  # noqa: N801  # a condition of SQL
    name = "one_of"
    type = Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> "_one_of":  # noqa: ARG002  # it binds closely enough
        """Not what a Boolean would do: where SQLite has no such type it adds `= 1`, and with that
        the condition goes by no index.
        """
        return self


@compiles(_one_of, "sqlite")
def _in_list(element: _one_of, compiler: Any, **options: Any) -> str:
    column, listed = (compiler.process(one, **options) for one in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({listed}))"  # noqa: S608  # what was compiled


@compiles(_one_of, "postgresql")
def _in_array(element: _one_of, compiler: Any, **options: Any) -> str:
    # An array and not a join: whatever PostgreSQL does not know yet of a table that was filled a
    # moment ago, it goes by the index, and never holds each row against each word.
    column, listed = (compiler.process(one, **options) for one in element.clauses)
    return f"{column} = ANY (ARRAY(SELECT json_array_elements_text(({listed})::json)))"


def find(
    tx: Connection,
    table: Table,
    names: tuple[str, ...],
    within: Mapping[str, str],
    column: str,
    values: Collection[str],
) -> Sequence[Row[Any]]:
    """The columns `names` of the rows of which `column` is one of these words, however many they
    are, and those `within` are as given; values are as the database keeps them. The table has an
    index that begins with this column and some of those.
    """
    statement = _finding(table, names, tuple(within), column, tx.dialect.name)
    listed = orjson.dumps(list(values)).decode()
    return tx.exec_driver_sql(statement, (listed, *within.values())).all()


def remove(
    tx: Connection, table: Table, within: Mapping[str, str], column: str, values: Collection[str]
) -> None:
    """Delete the rows that `find` would find."""
    statement = _removing(table, tuple(within), column, tx.dialect.name)
    listed = orjson.dumps(list(values)).decode()
    tx.exec_driver_sql(statement, (listed, *within.values()))


def add(tx: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows that are not there yet. Each is a tuple in the order of the table's columns, of
    what the database keeps (`schemas.tables.stored`): no value is converted on the way.
    """
    if not rows:
        return
    if tx.dialect.name == "postgresql" and len(rows) > FEW:
        _copy(tx, table, table.name, rows)
        statistics.refresh(tx, table)
    else:
        tx.exec_driver_sql(_insert(table, tx.dialect.name), list(rows))


def change(tx: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Replace all of these rows but their key; one that is not there is added."""
    if not rows:
        return
    if tx.dialect.name == "postgresql" and len(rows) > FEW:
        incoming = _incoming(table)
        tx.exec_driver_sql(
            f"CREATE TEMP TABLE IF NOT EXISTS {incoming} (LIKE {table.name}) ON COMMIT DELETE ROWS"
        )
        _copy(tx, table, incoming, rows)
        tx.exec_driver_sql(_from_incoming(table))
        tx.exec_driver_sql(f"DELETE FROM {incoming}")  # noqa: S608
    else:
        tx.exec_driver_sql(f"{_insert(table, tx.dialect.name)} {_onto(table)}", list(rows))


def amend(
    tx: Connection, table: Table, names: tuple[str, ...], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Write some columns of rows that are there; one that is not there is left out. `names` are the
    key's columns first and then the others; each row has their values, as `add` takes them.
    """
    if not rows:
        return
    statement = _amendment(table, names, tx.dialect.name)
    if tx.dialect.name == "postgresql":
        columns = [list(values) for values in zip(*rows, strict=True)]
        tx.exec_driver_sql(statement, tuple(columns))
    else:
        keys = len(table.primary_key)
        tx.exec_driver_sql(statement, [row[keys:] + row[:keys] for row in rows])


@lru_cache
def _amendment(table: Table, names: tuple[str, ...], dialect: str) -> str:
    keys, others = names[: len(table.primary_key)], names[len(table.primary_key) :]
    assert set(keys) == {column.name for column in table.primary_key}, "the key comes first"
    if dialect == "postgresql":
        types = dict(zip([column.name for column in table.columns], _types(table), strict=True))
        arrays = ", ".join(f"%s::{types[name]}[]" for name in names)
        written = ", ".join(f"{name} = new.{name}" for name in others)
        found = " AND ".join(f"{table.name}.{name} = new.{name}" for name in keys)
        new = f"unnest({arrays}) AS new ({', '.join(names)})"
        return f"UPDATE {table.name} SET {written} FROM {new} WHERE {found}"  # noqa: S608
    written = ", ".join(f"{name} = ?" for name in others)
    found = " AND ".join(f"{name} = ?" for name in keys)
    return f"UPDATE {table.name} SET {written} WHERE {found}"  # noqa: S608


@lru_cache
def _finding(
    table: Table, names: tuple[str, ...], within: tuple[str, ...], column: str, dialect: str
) -> str:
    columns = ", ".join(f"found.{name}" for name in names)
    return f"SELECT {columns} {_wanted(table, within, column, dialect)}"


@lru_cache
def _removing(table: Table, within: tuple[str, ...], column: str, dialect: str) -> str:
    wanted = _wanted(table, within, column, dialect)
    if dialect == "postgresql":
        chosen = f"ctid = ANY (ARRAY(SELECT found.ctid {wanted}))"
    else:
        chosen = f"rowid IN (SELECT found.rowid {wanted})"
    return f"DELETE FROM {table.name} WHERE {chosen}"  # noqa: S608


def _wanted(table: Table, within: tuple[str, ...], column: str, dialect: str) -> str:
    """From a list of words to the rows that carry them, by an index and word by word: CROSS JOIN
    is SQLite's way to say so, LATERAL with OFFSET keeps PostgreSQL from any other. Before it has
    statistics it takes a condition such as the programme for so selective that it would read all
    of its rows and hold each against the whole list.
    """
    if dialect == "postgresql":
        same = "".join([f" AND one.{name} = %s" for name in within])
        rows = f"SELECT one.ctid, * FROM {table.name} one WHERE one.{column} = word{same} OFFSET 0"  # noqa: S608
        return f"FROM json_array_elements_text(%s::json) word CROSS JOIN LATERAL ({rows}) found"
    same = "".join([f" AND found.{name} = ?" for name in within])
    return f"FROM json_each(?) wanted CROSS JOIN {table.name} found ON found.{column} = wanted.value{same}"


def _copy(tx: Connection, table: Table, into: str, rows: Sequence[tuple[Any, ...]]) -> None:
    driver: Any = tx.connection.driver_connection
    with (
        driver.cursor() as cursor,
        # Half the work of the text form at our end: no value is spelled out, none is escaped.
        cursor.copy(f"COPY {into} ({_names(table)}) FROM STDIN (FORMAT BINARY)") as copy,
    ):
        copy.set_types(_types(table))
        for row in rows:
            copy.write_row(row)


@lru_cache
def _types(table: Table) -> tuple[str, ...]:
    """The server's names of the types of the columns, in their order."""
    return tuple(
        column.type.compile(_POSTGRESQL).partition(" ")[0].lower() for column in table.columns
    )


@lru_cache
def _insert(table: Table, dialect: str) -> str:
    marks = ", ".join("%s" if dialect == "postgresql" else "?" for _ in table.columns)
    return f"INSERT INTO {table.name} ({_names(table)}) VALUES ({marks})"  # noqa: S608  # our own tables


@lru_cache
def _onto(table: Table) -> str:
    others = (column.name for column in table.columns if not column.primary_key)
    again = ", ".join(f"{name} = excluded.{name}" for name in others)
    return f"ON CONFLICT ({_key(table)}) DO UPDATE SET {again}"


@lru_cache
def _from_incoming(table: Table) -> str:
    names = _names(table)
    return f"INSERT INTO {table.name} ({names}) SELECT {names} FROM {_incoming(table)} ORDER BY {_key(table)} {_onto(table)}"  # noqa: S608


def _incoming(table: Table) -> str:
    return f"incoming_{table.name}"


def _key(table: Table) -> str:
    return ", ".join(column.name for column in table.primary_key)


def _names(table: Table) -> str:
    return ", ".join(column.name for column in table.columns)
