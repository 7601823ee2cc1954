"""The ledger: what happened, in an order nobody can change unseen.

Each row names the digest of the one before:

    digest(n) = SHA-256( digest(n-1) | position | time | kind | partner | subject | entry )

A row changed or taken out in the middle breaks the chain at that place. A tail cut off leaves a
shorter chain that is whole in itself; so whoever keeps the head's digest (printed by
`mrx ledger verify`) sees that too. Entries hold accounts, refs, versions and digests of what was
told, never names or identifiers: they stay provable after the payload is erased (P8).

An account has few digits: whoever knew the rest of an entry could find it by trying which one gives
the digest. So an entry that tells of somebody holds a `salt`, kept from whoever may not read of whom.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Row, bindparam, insert, select, update

from schemas.tables import ledger, ledger_head

GENESIS = "0" * 64
SALT_BYTES: Final = 16
OF_NOBODY: Final = frozenset({"roles", "before", "scopes"})
"""Lists of words. Any other list may be one of accounts, whatever it is called."""

_HEAD = select(ledger_head)
_LOCK_HEAD = _HEAD.with_for_update()
_ADD = insert(ledger)
_MOVE_HEAD = update(ledger_head)
_AT = select(ledger.c.at).where(ledger.c.position == bindparam("which"))


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
    if subject is not None or _lists_somebody(entry):
        entry = {**entry, "salt": secrets.token_hex(SALT_BYTES)}
    last = tx.execute(_LOCK_HEAD).one()
    text = orjson.dumps(entry, option=orjson.OPT_SORT_KEYS).decode()
    position: int = last.size + 1
    digest = _digest(last.digest, position, now, kind, partner, subject, text)
    tx.execute(
        _ADD,
        {
            "position": position,
            "at": now,
            "kind": kind,
            "partner": partner,
            "subject": subject,
            "entry": text,
            "previous": last.digest,
            "digest": digest,
        },
    )
    tx.execute(_MOVE_HEAD, {"size": position, "digest": digest})
    return position


def hold(tx: Connection) -> None:
    """Take the head's lock, as `add` does: whatever else is written under it comes in one order."""
    tx.execute(_LOCK_HEAD).one()


def open_first(tx: Connection) -> None:
    """Lay down the empty head, once."""
    if tx.scalar(select(ledger_head.c.size)) is None:
        tx.execute(insert(ledger_head).values(id=1, size=0, digest=GENESIS))


def head(tx: Connection) -> Head:
    """The last entry as it is now."""
    row = tx.execute(_HEAD).one()
    return Head(row.size, row.digest)


def first_at(tx: Connection, moment: datetime) -> int:
    """The first position that is not before a moment, by halving: entries are written in order.
    One past the last for a moment after them all.
    """
    low, high = 1, head(tx).size + 1
    while low < high:
        middle = (low + high) // 2
        at = tx.scalar(_AT, {"which": middle})
        if at is not None and at < moment:
            low = middle + 1
        else:
            high = middle
    return low


def verify_part(tx: Connection, *, after: int, at_most: int) -> Verified:
    """Walk a part of the chain: `at_most` entries from the one that follows position `after`, which
    is believed. `head` is the last one that was walked.
    """
    before = select(ledger.c.digest).where(ledger.c.position == after)
    digest = tx.scalar(before) if after else GENESIS
    if digest is None:  # what was believed is not there any more
        return Verified(Head(0, GENESIS), after)
    position, end = after, head(tx)
    query = (
        select(ledger).where(ledger.c.position > after).order_by(ledger.c.position).limit(at_most)
    )
    for row in tx.execute(query):
        if not _follows(row, position, digest):
            return Verified(Head(position, digest), position + 1)
        position, digest = row.position, row.digest
    if position < end.size:
        short = position - after < at_most  # the chain ends before its head
        return Verified(Head(position, digest), position + 1 if short else None)
    return Verified(Head(position, digest), None if digest == end.digest else position + 1)


def verify(tx: Connection) -> Verified:
    """Walk the whole chain, row by row."""
    end = head(tx)
    position, digest = 0, GENESIS
    query = select(ledger).order_by(ledger.c.position).execution_options(yield_per=1_000)
    with tx.execute(query) as entries:
        for row in entries:
            if not _follows(row, position, digest):
                return Verified(end, position + 1)
            position, digest = row.position, row.digest
    whole = end == Head(position, digest)
    return Verified(Head(position, digest), None if whole else position + 1)


def _lists_somebody(entry: Mapping[str, Any]) -> bool:
    return any(
        isinstance(value, list | tuple) and name not in OF_NOBODY for name, value in entry.items()
    )


def _follows(row: Row[Any], position: int, digest: str) -> bool:
    """Whether this entry is the one after `position`, whose digest is given."""
    following = position + 1
    expected = _digest(digest, following, row.at, row.kind, row.partner, row.subject, row.entry)
    return (row.position, row.previous, row.digest) == (following, digest, expected)


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
