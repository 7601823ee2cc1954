"""A partner asks us to tell it again: it has lost something, or found that the two ends differ.

It has compared what it holds with what we expect, and names the references. Each is repaired as
in `outbox.repair`; what is not this partner's own is passed over without a word, so that nobody
learns of another's references. One transaction; asked twice, it ends the same.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from outbox import epochs, ledger, repair, rest
from outbox import lane as lanes
from outbox.house import House
from schemas.batch import Lane


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the partner found, by reference. `missing` it has not; `differing` it has otherwise
    than expected, in the version given; `unknown` it has and we do not expect; `withdrawn` it has
    buried and we do expect. `lost_place` are lanes in which it does not know our last number.
    """

    missing: Collection[str] = ()
    differing: Mapping[str, int] | None = None
    unknown: Collection[str] = ()
    withdrawn: Collection[str] = ()
    lost_place: Collection[Lane] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How many references were queued to be told again, to be withdrawn, and were ended here;
    and the lanes that have a new epoch.
    """

    told_again: int
    withdrawn: int
    ended: int
    epochs: tuple[Lane, ...]


def resend(tx: Connection, house: House, partner: str, asked: Request, *, now: datetime) -> Answer:
    """Queue what the partner asks for."""
    lost = sorted(set(asked.lost_place))
    # First: the lanes come first in the order of locks.
    lanes.lock(tx, partner)
    rest.hurry(tx, only=partner)
    for kind in lost:
        if not epochs.unused(tx, partner, kind):  # or it was asked for twice
            epochs.open_new(tx, partner, kind, why="the partner lost its place", now=now)
    again: dict[str, int | None] = dict.fromkeys(asked.missing)
    again.update(asked.differing or {})
    told = repair.tell_again(tx, house, partner, again, now=now)
    ended = repair.end(tx, house, partner, asked.withdrawn, now=now)
    gone = repair.withdraw(tx, partner, asked.unknown, now=now)
    entry = {
        "told_again": told,
        "ended": ended,
        "withdrawn": gone,
        "epochs": [kind.value for kind in lost],
    }
    ledger.add(tx, "resend asked", entry, now=now, partner=partner)
    return Answer(told_again=len(told), withdrawn=len(gone), ended=len(ended), epochs=tuple(lost))
