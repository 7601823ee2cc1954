"""The ledger walked and taken out by people; that they did stands in it too."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final

from gateway.acts import permission
from gateway.identity.actor import Actor
from gateway.identity.roles import Right
from gateway.views import ledger as view
from outbox import ledger
from outbox.house import House
from outbox.ledger import Verified

MEDIA_TYPE: Final = "application/x-ndjson"
WALKED_MAX: Final = 100_000
"""Entries that one call walks, in a second or two."""


def verify(house: House, actor: Actor, *, anew: bool = False, now: datetime) -> Verified:
    """Walk on from where the last walk ended, or anew from the first entry; what was found is kept.

    The walk reads; entries that are added meanwhile are left for the next. A walk ends before the
    entry that does not follow, so the next one meets it again; one that begins anew says what was
    found before until it has passed there. Raises `BadRequest` MRX-7017: it reads for seconds, and
    answers with a digest.
    """
    permission.demand(house, actor, Right.AUDIT, act="verify the ledger", now=now)
    with house.database.read() as tx:
        after = 0 if anew else view.standing(tx).verified_to
        found = ledger.verify_part(tx, after=after, at_most=WALKED_MAX)
    with house.database.write() as tx:
        found = _with_known(found, view.standing(tx).broken_at)
        told = {
            "by": actor.by,
            "from": after + 1,
            "to": found.head.size,
            "head": found.head.digest,
            "broken_at": found.broken_at,
        }
        ledger.add(tx, view.VERIFIED, told, now=now)
    return found


def _with_known(found: Verified, known: int | None) -> Verified:
    """A break that was found by somebody stays, until a walk has passed its place."""
    if found.broken_at is None and known is not None and found.head.size < known:
        return replace(found, broken_at=known)
    return found


def export(
    house: House, actor: Actor, *, first: int, last: int | None, now: datetime
) -> tuple[str, Iterator[bytes]]:
    """Take entries out: the name of the file, and its pieces (`view.pieces`).

    The entry of the export itself is the first one after them.
    """
    permission.demand(house, actor, Right.AUDIT, act="export the ledger", now=now)
    with house.database.write() as tx:
        size = ledger.head(tx).size
        end = size if last is None else min(last, size)
        told = {"by": actor.by, "from": first, "to": end}
        ledger.add(tx, "ledger exported", told, now=now)
    return f"ledger-{house.programme}-{first}-{end}.ndjson", view.pieces(house, first, end)
