"""What PostgreSQL knows of a table that has just grown.

It plans by statistics, which its autovacuum takes up to a minute after the fact. A first load, and
the first batches of thousands behind it, come sooner: of an empty table it takes every condition
for so selective that it reads 10,000 rows and holds each against 5,000 words, for a minute.

So whoever adds many rows has them looked at at once, when the file has grown by half since that
was last done: a dozen times on the way to a million rows, some tenths of a second each.
"""

from sqlalchemy import Connection, Table, bindparam, text

# Pages then and now: https://www.postgresql.org/docs/15/catalog-pg-class.html
_GROWN = text(
    "SELECT pg_relation_size(oid) > 8192 * (10 + relpages * 1.5) FROM pg_class"
    " WHERE oid = CAST(:name AS regclass)"
).bindparams(bindparam("name"))


def refresh(tx: Connection, table: Table) -> None:
    """Have the table looked at again, if it has grown enough and nobody is at it; SQLite, which
    plans by the indices, needs none of it.
    """
    if tx.dialect.name == "postgresql" and tx.scalar(_GROWN, {"name": table.name}):
        tx.exec_driver_sql(f"ANALYZE (SKIP_LOCKED) {table.name}")
