"""What partners signed against what they signed before, as the ledger counts it: every process says
the same, and a restart forgets nothing.
"""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, func, select

from gateway import contradiction
from schemas.tables import agreements, ledger

# What the ledger calls it, and what it was.
KINDS: Final = {contradiction.KIND: "batch", "receipt contradicts": "receipt"}
_PARTNERS = select(agreements.c.partner)
# Found by their kind: as many entries are read as there were contradictions.
_NOTED = (
    select(ledger.c.partner, ledger.c.kind, func.count().label("n"))
    .where(ledger.c.kind.in_(KINDS))
    .group_by(ledger.c.partner, ledger.c.kind)
)


def every(tx: Connection) -> Iterator[tuple[str, tuple[str, ...], float]]:
    """Of each partner, zeros too: to Prometheus a series that begins with its first has not risen."""
    noted = {(row.partner, row.kind): row.n for row in tx.execute(_NOTED)}
    for partner in tx.scalars(_PARTNERS):
        for kind, what in KINDS.items():
            yield "mrx_contradictions_total", (partner, what), noted.get((partner, kind), 0)
