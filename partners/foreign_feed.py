"""The order in which foreign members changed, for whoever keeps a copy of the rolls.

Each change of a member (of its record, its MIDs, its coverage, its quarantine) moves it to the end
of one numbering over all rolls. So a feed by that number says each member once, as it is now, and
who has read up to a number has missed nothing below it: numbers are given under the lock of the
ledger's head, in the order of the commits.

The head is the last lock of a transaction, and the one that all partners share: ask for places when
all else that can be done before is done.
"""

from collections.abc import Collection

from sqlalchemy import Connection, func, select

from schemas import bulk
from schemas.tables import foreign_members, home, ledger_head

_HEAD = select(ledger_head.c.size).with_for_update()
# A statement of its own: one that waits for a lock does not see what the holder has committed.
_LAST = select(func.max(foreign_members.c.change), select(home.c.places_from).scalar_subquery())
_PLACED = ("programme", "ref", "change")


def lock(tx: Connection) -> int:
    """The last place that is given; those behind it are this transaction's, until it ends."""
    tx.execute(_HEAD)
    last, floor = tx.execute(_LAST).one()
    return max(last or 0, floor or 0)


def move(tx: Connection, programme: str, refs: Collection[str]) -> None:
    """Move these members to the end, in the order of their refs."""
    if not refs:
        return
    places = enumerate(sorted(set(refs)), lock(tx) + 1)
    rows = [(programme, ref, place) for place, ref in places]
    bulk.amend(tx, foreign_members, _PLACED, rows)
