"""What the source says of a member's standing, kept in the ledger at the moment it turns.

    good  --a bad status-->  bad  --a good one-->  good
      '--------missing from a full list-->  absent

The entry "standing" names, for every member that turned, the word of the source and each life that
some partner may know it by: [partner, ref, version told last, whether the partner may hold it in
good standing]. Versions only grow; so whoever reads the ledger later knows which tellings came
before the turn and which after it, whatever the clocks said. A good word names besides, of each
partner, the last life that is gone already, unless it left by an absence or a revocation: those no
status ends. A member that nobody was told of is not in it. What follows for each life, `outbox.losses` keeps beside: how long a
partner could go on granting benefits is told from that (`gateway.views.exposure`).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from outbox import ledger, losses
from outbox.losses import Word
from schemas import bulk
from schemas.status import BAD
from schemas.tables import disclosures

KIND: Final = "standing"
ABSENT: Final = losses.ABSENT
_BAD = frozenset(status.value for status in BAD)
_FOR_GOOD = (losses.ABSENT, losses.REVOKED)  # reasons of withdrawal that no status ends
_KNOWN = (
    select(disclosures)
    .where(bulk.one_of(disclosures.c.account, "accounts"), disclosures.c.gone_at.is_(None))
    .order_by(disclosures.c.account, disclosures.c.partner, disclosures.c.ref)
)
_GONE = (
    select(disclosures)
    .where(bulk.one_of(disclosures.c.account, "accounts"), disclosures.c.gone_at.is_not(None))
    .order_by(disclosures.c.told_at, disclosures.c.ref)
)


def turned(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    """Of the members that had a status before: those that turned, with their status now.

    >>> turned({"10000001": "VALIDATED", "10000002": "VALIDATED"},
    ...        {"10000001": "SUSPENDED", "10000002": "CERTIFIED"})
    {'10000001': 'SUSPENDED'}
    """
    return {
        account: after[account]
        for account, was in before.items()
        if account in after and (was in _BAD) != (after[account] in _BAD)
    }


def enter(tx: Connection, words: Mapping[str, str], *, now: datetime) -> None:
    """Write that these members turned (account -> word). One of the last acts of a transaction."""
    if not words:
        return
    known: dict[str, list[list[Any]]] = {}
    for row in tx.execute(_KNOWN, {"accounts": list(words)}):
        known.setdefault(row.account, []).append([row.partner, *life(row)])
    good = [account for account, word in words.items() if not losses.bad(word)]
    if good:
        last = {(row.account, row.partner): row for row in tx.execute(_GONE, {"accounts": good})}
        for row in last.values():
            if row.withdraw_reason not in _FOR_GOOD:
                known.setdefault(row.account, []).append([row.partner, *life(row)])
    told = sorted(known)
    if told:
        entry = {"turned": [[account, words[account], known[account]] for account in told]}
        ledger.add(tx, KIND, entry, now=now)
        said = (
            Word(whose, account, words[account], *one)
            for account in told
            for whose, *one in known[account]
        )
        losses.heard(tx, said, now=now)


def life(row: Row[Any]) -> list[Any]:
    """What the ledger keeps of a life when the member loses its standing: the reference, the
    version told last, and whether the partner may hold it in good standing.
    """
    return [row.ref, row.version, row.best_status not in _BAD]
