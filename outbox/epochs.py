"""Epochs: the lives of a lane, each with its own numbers, so that no number is ever used twice.

    one end lost its database, or was restored from an old backup
        -> the two ends no longer agree how far the lane has come
        -> the sender opens a new epoch: a new random name, number 1, no predecessor

Batches still unanswered in the old epoch are given up: closed as refused with MRX-4013, and their
notices wait again. What they may have told stands in `disclosures`, so whoever is told again gets
a higher version, and withdrawals go until they are confirmed. A receipt that comes for one of
them later is filed and changes nothing.

All of it is one transaction that holds the lane's row and raises its fence: a worker that is
sending when it commits settles nothing. A crash before the commit leaves the old epoch whole.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from outbox import batch as batches_
from outbox import ledger
from outbox.batch import State
from outbox.lane import LONG_AGO
from schemas.batch import Lane
from schemas.tables import attempts, batch_files, batches, lanes, pending

GIVEN_UP = "MRX-4013"
OPEN = [State.SEALED, State.SENDING, State.UNKNOWN, State.RECEIVED]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """How far the receiver has come in one epoch of a lane: the newest number it has taken, with
    the digest (hex) of the issue. `current` is False once it has seen a later epoch.
    """

    epoch: str
    current: bool
    number: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """How far the sender has come in its epoch: the last number that was answered (0: none) with
    the digest the next number will name, and the digests of the issues now in flight.
    """

    epoch: str
    number: int
    digest: str | None
    flying: frozenset[str] = frozenset()


def in_place(sent: Sent, taken: Taken | None) -> bool:
    """Whether the lane can go on where it is.

    `taken` is the receiver's place in the sender's epoch, None if it has never heard of it. The
    batch in flight may have arrived or not: it is retried either way.
    """
    if taken is None:
        return sent.number == 0
    if not taken.current:
        return False
    if taken.number == sent.number:
        return taken.digest == sent.digest
    return taken.number == sent.number + 1 and taken.digest in sent.flying


def sent(tx: Connection, partner: str) -> dict[Lane, Sent]:
    """How far each of our lanes to this partner has come."""
    found = {}
    for lane in tx.execute(select(lanes).where(lanes.c.partner == partner)).all():
        flying = batches_.unanswered(tx, lane.id)
        digests: set[str] = set()
        if flying is not None:
            issues = select(batch_files.c.digest).where(batch_files.c.batch_id == flying.id)
            digests = set(tx.scalars(issues))
        found[Lane(lane.kind)] = Sent(
            epoch=lane.epoch,
            number=lane.next_number - 1 - (flying is not None),
            digest=lane.last_digest,
            flying=frozenset(digests),
        )
    return found


def unused(tx: Connection, partner: str, kind: Lane) -> bool:
    """Whether no batch was ever sealed in the lane's present epoch: nobody can be lost in it."""
    where = (lanes.c.partner == partner) & (lanes.c.kind == kind.value)
    next_number: int = tx.scalars(select(lanes.c.next_number).where(where)).one()
    return next_number == 1


def open_new(tx: Connection, partner: str, kind: Lane, *, why: str, now: datetime) -> str:
    """Open a new epoch of one lane and return its name. Its lease ends, its fence is raised."""
    where = (lanes.c.partner == partner) & (lanes.c.kind == kind.value)
    lane = tx.execute(select(lanes).where(where).with_for_update()).one()
    epoch = secrets.token_hex(8)
    tx.execute(
        update(lanes)
        .where(lanes.c.id == lane.id)
        .values(
            epoch=epoch,
            next_number=1,
            last_digest=None,
            fence=lanes.c.fence + 1,
            leased_by=None,
            leased_until=LONG_AGO,
            look_at=LONG_AGO,
            failures=0,
            trips=0,
        )
    )
    given_up = _give_up(tx, lane.id, now=now)
    told = {
        "lane": kind.value,
        "was": lane.epoch,
        "last": lane.next_number - 1,
        "epoch": epoch,
        "given_up": given_up,
        "why": why,
    }
    ledger.add(tx, "epoch opened", told, now=now, partner=partner)
    return epoch


def _give_up(tx: Connection, lane_id: int, *, now: datetime) -> list[int]:
    """Close what nobody has answered, and let its notices wait again; return the numbers."""
    where = (batches.c.lane_id == lane_id) & batches.c.state.in_(OPEN)
    found = tx.execute(select(batches.c.id, batches.c.number).where(where)).all()
    ids = [row.id for row in found]
    tx.execute(update(pending).where(pending.c.batch_id.in_(ids)).values(batch_id=None))
    tx.execute(
        update(batches)
        .where(batches.c.id.in_(ids))
        .values(state=State.REFUSED.value, code=GIVEN_UP, closed_at=now, stale=False)
    )
    tx.execute(
        update(attempts)
        .where(attempts.c.batch_id.in_(ids), attempts.c.ended_at.is_(None))
        .values(ended_at=now, outcome="given up", code=GIVEN_UP)
    )
    return sorted(row.number for row in found)
