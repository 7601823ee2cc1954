"""What the ledger says of an act."""

from typing import Any

import orjson

from outbox.house import House
from schemas.tables import ledger


def entries(house: House, kind: str) -> list[dict[str, Any]]:
    """All entries of a kind, the oldest first."""
    query = ledger.select().where(ledger.c.kind == kind).order_by(ledger.c.position)
    with house.database.read() as tx:
        return [orjson.loads(row.entry) for row in tx.execute(query)]
