"""The ledger: what happened, in an order nobody can change unseen.

Each row names the digest of the one before:

    digest(n) = SHA-256( digest(n-1) | position | time | kind | partner | subject | entry )

A row changed or taken out in the middle breaks the chain at that place. A tail cut off leaves a
shorter chain that is whole in itself; so whoever keeps the head's digest (printed by
`mrx ledger verify`) sees that too. Entries hold accounts, refs, versions and digests of what was
told, never names or identifiers: they stay provable after the payload is erased (P8).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, insert, select, update

from schemas.tables import ledger, ledger_head

GENESIS = "0" * 64
_LOCK_HEAD = select(ledger_head).with_for_update()
_ADD = insert(ledger)
_MOVE_HEAD = update(ledger_head)


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry: its position (1, 2, ...; 0 for an empty ledger) and digest."""

    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What a walk over the whole ledger found. `broken_at` is the first position that does not
    follow from the one before, or None.
    """

    head: Head
    broken_at: int | None


def add(
    tx: Connection,
    kind: str,
    entry: Mapping[str, Any],
    *,
    now: datetime,
    partner: str | None = None,
    subject: str | None = None,
) -> int:
    """Append one entry and return its position. The head is the last lock of a transaction."""
    head = tx.execute(_LOCK_HEAD).one()
    text = orjson.dumps(entry, option=orjson.OPT_SORT_KEYS).decode()
    position: int = head.size + 1
    digest = _digest(head.digest, position, now, kind, partner, subject, text)
    tx.execute(
        _ADD,
        {
            "position": position,
            "at": now,
            "kind": kind,
            "partner": partner,
            "subject": subject,
            "entry": text,
            "previous": head.digest,
            "digest": digest,
        },
    )
    tx.execute(_MOVE_HEAD, {"size": position, "digest": digest})
    return position


def open_first(tx: Connection) -> None:
    """Lay down the empty head, once."""
    if tx.scalar(select(ledger_head.c.size)) is None:
        tx.execute(insert(ledger_head).values(id=1, size=0, digest=GENESIS))


def verify(tx: Connection) -> Verified:
    """Walk the whole chain, row by row."""
    head = tx.execute(select(ledger_head)).one()
    position, digest = 0, GENESIS
    query = select(ledger).order_by(ledger.c.position).execution_options(yield_per=1_000)
    with tx.execute(query) as entries:
        for row in entries:
            position += 1
            expected = _digest(
                digest, position, row.at, row.kind, row.partner, row.subject, row.entry
            )
            if (row.position, row.previous, row.digest) != (position, digest, expected):
                return Verified(Head(head.size, head.digest), position)
            digest = row.digest
    whole = (head.size, head.digest) == (position, digest)
    return Verified(Head(position, digest), None if whole else position + 1)


def _digest(
    previous: str,
    position: int,
    at: datetime,
    kind: str,
    partner: str | None,
    subject: str | None,
    entry: str,
) -> str:
    fields = [previous, position, at, kind, partner, subject, entry]
    return hashlib.sha256(orjson.dumps(fields)).hexdigest()
