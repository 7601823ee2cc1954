"""What stands in a gateway's database, table by table, to see what a call has changed."""

import hashlib
from collections.abc import Mapping

from sqlalchemy import select

from outbox.house import House
from schemas import tables


def tables_of(house: House) -> Mapping[str, str]:
    """A digest of every table."""
    found = {}
    with house.database.read() as tx:
        for table in tables.metadata.sorted_tables:
            rows = sorted(repr(tuple(row)) for row in tx.execute(select(table)))
            found[table.name] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    return found


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> set[str]:
    """The tables that are not as they were."""
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def kinds(house: House, *, after: int) -> set[str]:
    """The kinds of what was written into the ledger behind a position."""
    ledger = tables.ledger
    with house.database.read() as tx:
        rows = tx.execute(select(ledger.c.kind).where(ledger.c.position > after))
        return {row.kind for row in rows}


def last(house: House) -> int:
    """The ledger's last position."""
    with house.database.read() as tx:
        return int(tx.scalar(select(tables.ledger_head.c.size)) or 0)
