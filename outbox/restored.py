"""A gateway that was brought back from a backup: what it must not believe of itself, lane by lane.

    copy of the database --`mark`--> restored: a new epoch for every lane, and every lane shut
        |                               |  the partner answered a comparison     [outbox.reconcile]
        |                               |  two persons said so without it        (`open_unasked`)
        |                               v
        |                            open
        '--> the consent feed counts as stale until the source has said anew what it said since
        '--> each partner's roll counts as incomplete until the partner was asked   (`roll_asked`)

What was sealed, told, taken back and received between the backup and the loss is not in the copy.
So no number of an old epoch is used again, whatever the partner says: one that was sealed and never
arrived may still arrive; nor is a version, which a partner that has it would take for what it knows.
Nothing at all leaves by a lane that is shut, and once it is open, nobody
is announced before the source has spoken (P9); withdrawals are.

`mark` is one transaction, the first in which the copy is a gateway again: nobody can open it before.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, exists, func, or_, select, update

from outbox import epochs, ledger, rest
from outbox import lane as lanes_
from partners import consents, foreign_roll
from schemas.batch import Lane
from schemas.tables import (
    agreements,
    batches,
    disclosures,
    foreign_members,
    foreign_rolls,
    home,
    is_set,
    lanes,
    outcomes,
)

SHUT: Final = "MRX-2212"
LATE: Final = timedelta(days=1)
"""So far before its last word the source begins anew: pushes overtake each other."""
_SINCE: Final = datetime(2020, 1, 1, tzinfo=UTC)
WHY: Final = "restored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """How far a restored gateway has come. `shut` are the partners to whom nothing leaves, `unasked`
    those whose rolls may lack something; `consents_owed_since` is None once the source has spoken.
    """

    at: datetime
    shut: tuple[str, ...]
    unasked: tuple[str, ...]
    consents_owed_since: datetime | None

    @property
    def over(self) -> bool:
        """Whether nothing is left to be done."""
        return not (self.shut or self.unasked or self.consents_owed_since)


def mark(tx: Connection, *, told: Mapping[str, Any], now: datetime) -> None:
    """Make the copy a restored gateway. `told` is what the ledger's entry says of the backup."""
    head = ledger.head(tx)
    entry = {
        **told,
        "ledger_size": head.size,
        "ledger_digest": head.digest,
        "lost": "what came after this entry is not known here",
    }
    ledger.add(tx, "restored", entry, now=now)
    mine = tx.execute(select(home)).one()
    owed = mine.consents_owed_since or (consents.as_of(tx) or mine.created_at) - LATE
    tx.execute(
        update(home).values(
            restored_at=now,
            consents_owed_since=owed,
            places_from=max(_last_place(tx, mine), places_at(now)),
            versions_from=max(mine.versions_from, versions_at(now)),
        )
    )
    for partner in _partners(tx):
        for kind in (Lane.ROUTINE, Lane.URGENT):
            epochs.open_new(tx, partner, kind, why=WHY, now=now)
        foreign_roll.lock(tx, partner, now=now)
    tx.execute(update(lanes).values(restored_at=now))
    tx.execute(update(foreign_rolls).values(restored_at=now))


def places_at(now: datetime) -> int:
    """The feeds go on behind this place: whoever read a lost gateway's feed misses nothing. A
    microsecond for each, since no gateway, also one that was restored, gives them faster.
    """
    return (now - _SINCE) // timedelta(microseconds=1)


def versions_at(now: datetime) -> int:
    """No life was told in this version before: a second for each."""
    return (now - _SINCE) // timedelta(seconds=1)


def standing(tx: Connection) -> Restored | None:
    """How far it has come; None for a gateway that was never restored."""
    mine = tx.execute(select(home.c.restored_at, home.c.consents_owed_since)).one()
    if mine.restored_at is None:
        return None
    return Restored(
        at=mine.restored_at,
        shut=tuple(tx.scalars(_SHUT)),
        unasked=tuple(tx.scalars(_UNASKED)),
        consents_owed_since=mine.consents_owed_since,
    )


def all_shut(tx: Connection) -> bool:
    """Whether the gateway was restored, and to nobody it exchanges with anything may leave yet."""
    if tx.scalar(select(home.c.restored_at)) is None:
        return False
    shut = set(tx.scalars(_SHUT))
    return bool(shut) and not set(tx.scalars(_EXCHANGING)) - shut


def is_shut(tx: Connection, partner: str) -> bool:
    """Whether nothing may leave for this partner yet."""
    shut = select(lanes.c.id).where(lanes.c.partner == partner, lanes.c.restored_at.is_not(None))
    return tx.scalar(shut.limit(1)) is not None


def opened(tx: Connection, partner: str, *, by: str, now: datetime) -> bool:
    """The partner has been compared with, in this very transaction: its lanes may go on. Says
    whether they were shut.
    """
    if not is_shut(tx, partner):
        return False
    tx.execute(update(lanes).where(lanes.c.partner == partner).values(restored_at=None))
    rest.hurry(tx, only=partner)
    ledger.add(tx, "lanes opened", {"by": by, "asked": True}, now=now, partner=partner)
    return True


def open_unasked(
    tx: Connection, partner: str, *, by: str, asked_by: str, reason: str, now: datetime
) -> None:
    """Open the lanes of a partner that cannot be asked. What it was told since the backup nobody
    here knows: none of its lives counts as told in its last version, and references that only the
    lost database knew stay with it until the two compare.
    """
    lanes_.lock(tx, partner)
    live = (disclosures.c.partner == partner) & disclosures.c.withdraw_since.is_(None)
    floor = select(home.c.versions_from).scalar_subquery()
    told = live & (disclosures.c.version < floor)
    tx.execute(update(disclosures).where(told).values(version=floor))
    tx.execute(update(lanes).where(lanes.c.partner == partner).values(restored_at=None))
    rest.hurry(tx, only=partner)
    entry = {"by": by, "asked": False, "asked_by": asked_by, "reason": reason}
    ledger.add(tx, "lanes opened", entry, now=now, partner=partner)


def roll_asked(tx: Connection, partner: str, *, now: datetime) -> None:
    """The partner was asked to tell again what our roll of it lacks, and has said that it will."""
    foreign_roll.lock(tx, partner, now=now)
    mine = foreign_rolls.c.programme == partner
    asked = update(foreign_rolls).where(mine, foreign_rolls.c.restored_at.is_not(None))
    if tx.execute(asked.values(restored_at=None)).rowcount:
        ledger.add(tx, "roll asked for", {}, now=now, partner=partner)


def _partners(tx: Connection) -> list[str]:
    return list(tx.scalars(select(lanes.c.partner).distinct().order_by(lanes.c.partner)))


def _last_place(tx: Connection, mine: Row[Any]) -> int:
    places: list[int] = [tx.scalar(select(func.max(column))) or 0 for column in _PLACED]
    last: int = max(mine.places_from, *places)
    return last


# Partners with whom nothing was ever exchanged wait for nothing: once they are connected, they are
# asked like the others.
_TOLD = exists().where(batches.c.lane_id == lanes.c.id)
_CONNECTED = exists().where(agreements.c.partner == lanes.c.partner, is_set(agreements.c.enabled))
_SHUT = (
    select(lanes.c.partner)
    .where(lanes.c.restored_at.is_not(None), or_(_CONNECTED, _TOLD))
    .distinct()
    .order_by(lanes.c.partner)
)
_EXCHANGING = select(lanes.c.partner).where(or_(_CONNECTED, _TOLD)).distinct()
_UNASKED = (
    select(foreign_rolls.c.programme)
    .where(
        foreign_rolls.c.restored_at.is_not(None),
        or_(
            foreign_rolls.c.heard_at.is_not(None),
            exists().where(
                agreements.c.partner == foreign_rolls.c.programme, is_set(agreements.c.enabled)
            ),
        ),
    )
    .order_by(foreign_rolls.c.programme)
)
_PLACED = (outcomes.c.position, foreign_members.c.change)
