"""What must be true of a partner's roll at any moment, counted anew from its rows alone.

The sums and the digest are computed here with hashlib and nothing of ours, as a partner would.
"""

import hashlib
from typing import Any

from sqlalchemy import Connection, select

from partners import foreign_roll, holdings
from partners.holdings import Side
from schemas.tables import foreign_identifiers, foreign_members, inbound_batches, inbound_named
from tests.world import World


def balance(world: World, programme: str = "mx-neec") -> dict[str, Any]:
    """Check the books of a roll; return what is in it, in a form that can be compared."""
    with world.house.database.read() as tx:
        members = tx.execute(
            select(foreign_members).where(foreign_members.c.programme == programme)
        ).all()
        live = [row for row in members if row.gone_at is None]
        held = holdings.held(tx, programme, Side.THEIRS)
        assert foreign_roll.size(tx, programme) == len(live) == held.count
        assert held.digest == digest(live)
        numbers = _numbers(tx, programme)
        named = _named(tx, programme)
    for row in members:
        said = set() if row.gone_at else {(scheme, value) for scheme, value in row.identifiers}
        assert {pair for pair, until in numbers.get(row.ref, {}).items() if until is None} == said
        assert row.quarantined == (row.gone_at is None and row.ref in named)
        if row.gone_at is not None:
            assert (row.category, row.leaf, row.ref in numbers) == (None, None, False)
    places = [row.change for row in members if row.change]
    assert len(places) == len(set(places))
    assert {row.ref for row in live} <= {row.ref for row in members if row.change}
    return {
        "live": {row.ref: (row.version, row.name, row.status, row.covered) for row in live},
        "gone": {row.ref for row in members if row.gone_at is not None},
        "numbers": numbers,
        "quarantined": {row.ref for row in live if row.quarantined},
        "size": len(live),
        "digest": held.digest,
    }


def digest(live: list[Any]) -> str:
    """The holdings digest of these rows, from its definition in schemas/holdings.py."""
    sums = [0] * 256
    for row in live:
        lines = [row.name.replace("\n", "\x1f")]
        lines += sorted(f"{scheme} {value}" for scheme, value in row.identifiers)
        lines += [row.status, row.member_since.isoformat()]
        items = hashlib.sha256("".join(line + "\n" for line in lines).encode()).hexdigest()
        leaf = hashlib.sha256(f"{row.ref}\n{row.version}\n{items}\n".encode()).digest()
        bucket = hashlib.sha256(row.ref.encode()).digest()[0]
        sums[bucket] = (sums[bucket] + int.from_bytes(leaf, "big")) % 2**256
    return hashlib.sha256(b"".join(one.to_bytes(32, "big") for one in sums)).hexdigest()


def _numbers(tx: Connection, programme: str) -> dict[str, dict[tuple[str, str], Any]]:
    n = foreign_identifiers.c
    rows = tx.execute(
        select(foreign_identifiers).where(n.programme == programme, n.source == "partner")
    )
    found: dict[str, dict[tuple[str, str], Any]] = {}
    for row in rows:
        found.setdefault(row.ref, {})[row.scheme, row.value] = row.until_on
    return found


def _named(tx: Connection, programme: str) -> set[str]:
    """The refs in batches that wait; no batch that does not wait names any."""
    n, b = inbound_named.c, inbound_batches.c
    waiting = {
        tuple(row)
        for row in tx.execute(
            select(b.kind, b.epoch, b.number, b.issue).where(
                b.partner == programme, b.state == "quarantined"
            )
        )
    }
    rows = tx.execute(select(inbound_named).where(n.partner == programme)).all()
    assert {(row.kind, row.epoch, row.number, row.issue) for row in rows} == waiting
    return {row.ref for row in rows}
