"""Many rows at once, in the way each database is quickest at.

    among   a condition on thousands of values: one parameter, one statement for any number
    add     new rows as the database stores them: the driver's executemany, or COPY
    change  rows that are there, by their primary key: the same, by way of a temporary table

A list of parameters would be compiled anew for every length, and SQLite takes 32,766 of them.
"""

from collections.abc import Collection, Sequence
from typing import Any

import orjson
from sqlalchemy import Column, ColumnElement, Connection, Table, Text, any_, bindparam, func, select
from sqlalchemy.dialects import postgresql


def among(tx: Connection, column: Column[str], values: Collection[str]) -> ColumnElement[bool]:
    """The condition that a column of words is one of these, however many they are."""
    if tx.dialect.name == "postgresql":
        array = bindparam(None, list(values), type_=postgresql.ARRAY(Text()))
        return column == any_(array)
    listed = func.json_each(orjson.dumps(list(values)).decode()).table_valued("value")
    return column.in_(select(listed.c.value))


def add(tx: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows that are not there yet. Each is a tuple in the order of the table's columns, of
    what the database keeps (`schemas.tables.stored`): no value is converted on the way.
    """
    if not rows:
        return
    if tx.dialect.name == "postgresql":
        _copy(tx, table, table.name, rows)
    else:
        tx.exec_driver_sql(_insert(table), list(rows))


def change(tx: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Replace all of these rows but their key; one that is not there is added."""
    if not rows:
        return
    key = ", ".join(column.name for column in table.primary_key)
    others = [column.name for column in table.columns if not column.primary_key]
    again = ", ".join(f"{name} = excluded.{name}" for name in others)
    onto = f"ON CONFLICT ({key}) DO UPDATE SET {again}"
    if tx.dialect.name == "postgresql":
        incoming = f"incoming_{table.name}"
        like = (
            f"CREATE TEMP TABLE IF NOT EXISTS {incoming} (LIKE {table.name}) ON COMMIT DELETE ROWS"
        )
        tx.exec_driver_sql(like)
        _copy(tx, table, incoming, rows)
        names = _names(table)
        tx.exec_driver_sql(
            f"INSERT INTO {table.name} ({names}) SELECT {names} FROM {incoming} ORDER BY {key} {onto}"  # noqa: S608
        )
        tx.exec_driver_sql(f"DELETE FROM {incoming}")  # noqa: S608
    else:
        tx.exec_driver_sql(f"{_insert(table)} {onto}", list(rows))


def _copy(tx: Connection, table: Table, into: str, rows: Sequence[tuple[Any, ...]]) -> None:
    driver: Any = tx.connection.driver_connection
    with (
        driver.cursor() as cursor,
        cursor.copy(f"COPY {into} ({_names(table)}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)


def _insert(table: Table) -> str:
    marks = ", ".join("?" for _ in table.columns)
    return f"INSERT INTO {table.name} ({_names(table)}) VALUES ({marks})"  # noqa: S608  # our own tables


def _names(table: Table) -> str:
    return ", ".join(column.name for column in table.columns)
