"""From a lane that is taken to a claim: draft, set aside, release.

    a batch in flight, still true     -> release: the same bytes again
    nothing in flight, rows wait      -> draft, release: the next number
    rows that cannot be told          -> set aside, each with its reason; look again
    a draft that is too much for one  -> the lane's batches get smaller; look again

Whoever carries batches comes through here: the push to a partner, a partner's pull, a person with
a file. What leaves is decided by `release` alone (P1).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from outbox import planning
from outbox.draft import Draft, Selection
from outbox.house import House
from outbox.issuing import Bearer, Claim
from outbox.lane import Taken
from outbox.planning import TooMuch
from outbox.release import Closed, FencedOut, Idle, Spoiled, Stale, release
from schemas.tables import lanes

_OURS = (
    select(lanes.c.id)
    .where(lanes.c.id == bindparam("lane"), lanes.c.fence == bindparam("under"))
    .with_for_update()
)


@dataclass(frozen=True, slots=True)
class Moved:
    """Something was set aside, or changed while we looked. Nothing leaves yet: look again."""


Claimed = Claim | Closed | Idle | FencedOut | Moved


def claim(house: House, taken: Taken, *, worker: str, clock: Callable[[], datetime]) -> Claimed:
    """Draft and release once. After two spoiled drafts the third is made inside the transaction,
    so that progress is certain; the others are made outside, so that a revocation need not wait
    for a signature.
    """
    for inside in (False, False, True):
        by = Bearer(fence=taken.fence, worker=worker, now=clock())
        released = _try(house, taken, by, inside=inside)
        if not isinstance(released, Spoiled | Stale):
            return released
    return Moved()


def _try(house: House, taken: Taken, by: Bearer, *, inside: bool) -> Claimed | Spoiled | Stale:
    plan: Draft | Selection | TooMuch | None = None
    if not inside:
        with house.database.read() as tx:
            plan = planning.plan(tx, house, taken, now=by.now)
    with house.database.write(partner=taken.partner) as tx:
        if inside:
            plan = planning.plan(tx, house, taken, now=by.now)
        if isinstance(plan, Selection | TooMuch):
            if not ours(tx, taken):
                return FencedOut()
            if isinstance(plan, TooMuch):
                planning.take_less(tx, house, taken, plan, now=by.now)
            else:
                planning.set_aside(tx, house, taken, plan, now=by.now)
            return Moved()
        return release(tx, house, lane_id=taken.id, by=by, draft=plan)


def ours(tx: Connection, taken: Taken) -> bool:
    """Whether the lane is still leased to us; it stays so until the transaction ends."""
    return tx.execute(_OURS, {"lane": taken.id, "under": taken.fence}).one_or_none() is not None
