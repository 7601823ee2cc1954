"""A PostgreSQL database with one table of people's words."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, text

from schemas.postgresql import PostgreSQL
from tests import servers

NAME, ACCOUNT = "Invented Company", "10000001"


def opened(server: Any) -> Iterator[PostgreSQL]:
    url = servers.create(server)
    made = PostgreSQL(url)
    with made.migrate() as tx:
        tx.exec_driver_sql("CREATE TABLE t (account text PRIMARY KEY, name text NOT NULL, n int)")
    yield made
    made.close()
    servers.drop(server, url)


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
