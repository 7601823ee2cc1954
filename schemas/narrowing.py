"""Conditions that narrow down what an index has found, and are never taken for the way to it.

PostgreSQL weighs indices by what it last saw in a table. For up to a minute after many rows came
it takes a condition such as "of this partner" for one that only a row or two will meet, enters the
index by it alone, and reads all that the partner knows: once, or once for each of a hundred pairs.
SQLite goes by the indices alone and loses nothing by either of these.

    filtered   the column is this, said so that no index is entered by it
    tied       the value, said so that it is known with the row it is compared for and not before
"""

from typing import Any

from sqlalchemy import ColumnElement, func


def filtered(column: ColumnElement[str]) -> ColumnElement[str]:
    """The column of words that are never NULL, to be compared with anything. Another condition
    beside it must lead to few rows.
    """
    return func.coalesce(column, "")


def tied(value: ColumnElement[str], key: ColumnElement[Any]) -> ColumnElement[str]:
    """The value, which is never the same as `key` of the row it is compared for: a partner's code
    and an account. An index over both is then entered by both, or not at all.
    """
    return func.nullif(value, key)
