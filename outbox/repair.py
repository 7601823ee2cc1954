"""Repairs: what is done about a reference on which the two ends differ.

    they lack it, or have something else    told again, as a higher version than either end knows
    they have it, and its life is over      withdrawn again: its deletion was not so
    they have it, and we never heard of it  withdrawn: our database was lost, or is an older one
    they have buried it, and we think not   ended: we are an older database, and withdrew it since
    it is being withdrawn                   nothing: the receipt will say what became of it

Nothing here tells anything: rows are queued, and consent, agreement and status are judged when
they leave, as always. Each repair is the same whether done once or twice. Until its receipt the
life counts as not held, so that the sums agree when the repairs have arrived.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from outbox import holdings, losses, outcomes, pending, withdrawals
from outbox.house import House
from outbox.outcomes import Blocked
from outbox.withdrawals import ANNOUNCE
from schemas.ref import is_ref
from schemas.status import Status
from schemas.tables import disclosures, revocations
from schemas.tables import pending as rows_

SLICE = 1_000  # references a transaction, so that others get their turn
REFUSED = "MRX-2210"  # by the partner, one notice alone
NOT_OURS = ""  # the account of a life that we never heard of
# No end tells a version near to it: what a partner says beyond it is not believed, and between it
# and the top there is room for the versions that follow.
VERSION_MAX = 10**9
VERSION_TOP = 2**31 - 1


def slices(refs: Iterable[str]) -> Iterator[list[str]]:
    """The references, a transaction's worth at a time."""
    left = iter(refs)
    while some := list(islice(left, SLICE)):
        yield some


def tell_again(
    tx: Connection,
    house: House,
    partner: str,
    they_hold: Mapping[str, int | None],
    *,
    now: datetime,
) -> list[str]:
    """Queue these lives once more and return them. `they_hold` is the version that the partner has
    of each, None where it has none. A life that is over, or not this partner's, is left alone.
    """
    rows = _lives(tx, partner, they_hold)
    live = [row for row in rows if row.withdraw_since is None]
    known = [row.ref for row in live]
    holdings.forget(tx, partner, known)
    _forget(tx, known)
    # What they have may be any older state of the member, so the best there is is assumed (P3):
    # where the truth is worse, and may not be told, the life is withdrawn.
    other = [
        {
            "which": row.ref,
            "version": max(row.version, min(they_hold[row.ref] or 0, VERSION_MAX)),
            "best_status": max(Status.VALIDATED, Status(row.best_status), key=_rank).value,
        }
        for row in live
        if they_hold[row.ref] is not None
    ]
    if other:
        tx.execute(update(disclosures).where(disclosures.c.ref == bindparam("which")), other)
    pending.mark(tx, house, [row.account for row in live], now=now, partner=partner)
    return known


def withdraw(tx: Connection, partner: str, refs: Collection[str], *, now: datetime) -> list[str]:
    """Ask the partner to delete these, and return which. A live one is left alone, and what no
    batch could say. A reference of another partner's is one we never heard of: nobody learns
    from us whether it is somebody's.
    """
    known = {row.ref: row for row in _lives(tx, partner, refs)}
    ended = [ref for ref in known if known[ref].gone_at is not None]
    lives = [
        (row.account if (row := known.get(ref)) else NOT_OURS, ref)
        for ref in sorted(filter(is_ref, set(refs)))
        if ref not in known or known[ref].withdraw_since is not None
    ]
    _reopen(tx, partner, [known[ref] for ref in ended])
    withdrawals.withdraw(tx, partner, lives, reason="held after its end", now=now)
    losses.reopened(tx, ended)
    return [ref for _, ref in lives]


def end(
    tx: Connection, house: House, partner: str, refs: Collection[str], *, now: datetime
) -> list[str]:
    """The partner has a tombstone where we count a life: it was withdrawn, and we do not know why.

    The life is over, since a withdrawn reference is never taken again. The pair waits for a person
    as refused by the partner: whoever resumes it, or brings news of it, says that consent stands.
    One that is being withdrawn is left alone: the receipt will say what became of it, and a new
    consent is not to wait for it.
    """
    lives = [row for row in _lives(tx, partner, refs) if row.withdraw_since is None]
    over = [(row.account, row.ref) for row in lives]
    holdings.forget(tx, partner, [row.ref for row in lives])
    _forget(tx, [row.ref for row in lives])
    withdrawals.withdraw(tx, partner, over, reason="withdrawn before", now=now)
    accounts = [row.account for row in lives]
    pending.mark(tx, house, accounts, now=now, partner=partner)
    waiting = tx.scalars(
        update(rows_)
        .where(rows_.c.partner == partner, rows_.c.account.in_(accounts), rows_.c.ref == ANNOUNCE)
        .values(blocked=REFUSED, partner_code="withdrawn")
        .returning(rows_.c.account)
    )
    left = [Blocked(account, REFUSED) for account in sorted(waiting)]
    outcomes.blocked(tx, partner, left, now=now)
    return [row.ref for row in lives]


def _reopen(tx: Connection, partner: str, rows: list[Row[Any]]) -> None:
    """Deletion was confirmed and is not so: it is on its way again, and so is what waited for it."""
    if not rows:
        return
    over = {"gone_at": None, "fate": None, "law": None, "retained_until": None}
    not_held = {"held_version": None, "held_digest": None, "held_at": None}
    tx.execute(
        update(disclosures)
        .where(disclosures.c.ref.in_([row.ref for row in rows]))
        .values(over | not_held)
    )
    tx.execute(
        update(revocations)
        .where(
            revocations.c.partner == partner,
            revocations.c.account == bindparam("whose"),
            revocations.c.at >= bindparam("since"),
            revocations.c.answer == withdrawals.CONFIRMED,
        )
        .values(answer=withdrawals.ON_ITS_WAY, confirmed_at=None),
        [{"whose": row.account, "since": row.told_at} for row in rows],
    )


def _forget(tx: Connection, refs: Collection[str]) -> None:
    tx.execute(
        update(disclosures)
        .where(disclosures.c.ref.in_(refs))
        .values(held_version=None, held_digest=None, held_at=None)
    )


def _lives(tx: Connection, partner: str, refs: Collection[str]) -> list[Row[Any]]:
    """What we know of these references of this partner, under lock. No other partner's: those
    rows belong to whoever works for that one.
    """
    its = (disclosures.c.partner == partner) & disclosures.c.ref.in_(refs)
    query = select(disclosures).where(its).order_by(disclosures.c.ref)
    return list(tx.execute(query.with_for_update()))


def _rank(status: Status) -> int:
    return status.rank
