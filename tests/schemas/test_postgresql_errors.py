"""What an error of PostgreSQL says: the rule, and no value."""

import traceback
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from schemas.postgresql import PostgreSQL
from tests.schemas.words import ACCOUNT, NAME, insert, opened


@pytest.fixture
def database(postgres: Any) -> Iterator[PostgreSQL]:
    """A database with one table of people's words."""
    yield from opened(postgres)


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
