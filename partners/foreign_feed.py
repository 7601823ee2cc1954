"""The order in which foreign members changed, for whoever keeps a copy of the rolls.

Each change of a member (of its record, its MIDs, its coverage, its quarantine) moves it to the end
of one numbering over all rolls. So a feed by that number says each member once, as it is now, and
who has read up to a number has missed nothing below it: numbers are given under the lock of the
ledger's head, in the order of the commits.
"""

from collections.abc import Collection

from sqlalchemy import Connection, bindparam, func, select, update

from schemas.tables import foreign_members, ledger_head


def move(tx: Connection, programme: str, refs: Collection[str]) -> None:
    """Move these members to the end, in the order of their refs."""
    if not refs:
        return
    tx.execute(select(ledger_head.c.size).with_for_update())
    last = tx.scalar(select(func.max(foreign_members.c.change))) or 0
    tx.execute(
        update(foreign_members)
        .where(
            foreign_members.c.programme == programme, foreign_members.c.ref == bindparam("moved")
        )
        .values(change=bindparam("place")),
        [{"moved": ref, "place": last + n} for n, ref in enumerate(sorted(set(refs)), 1)],
    )
