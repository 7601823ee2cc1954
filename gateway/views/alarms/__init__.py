"""What needs a person now: each alarm a sentence, its code, and the page on which it is repaired.

    lanes      late withdrawals, failing, unanswered, nobody at work, paused with a backlog
    saying     closed gate, stale feed, notices that wait for an operator
    expiring   certificates, at 60, 30, 14 and 7 days
    keeping    retention that is on and erases nothing
    restoring  restored from a backup, and not everybody asked yet
    deciding   quarantined pushes and batches, acts for a second person, ends that differ

They are made from the rows of the overview, and from what goes wrong by staying silent. Nothing is
kept: an alarm is there as long as its cause is.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from gateway.views.alarms import deciding, expiring, keeping, lanes, restoring, saying
from gateway.views.alarms.alarm import Alarm
from gateway.views.rows import Row
from outbox.house import House

__all__ = ("Alarm", "every")

_Look = Callable[[Connection, House, Sequence[Row], datetime], Iterator[Alarm]]


def every(tx: Connection, house: House, rows: Sequence[Row], *, now: datetime) -> tuple[Alarm, ...]:
    """All alarms: those for now first, and among equals in the order of this list."""
    found = [alarm for look in _LOOKS for alarm in look(tx, house, rows, now)]
    return tuple(sorted(found, key=lambda alarm: not alarm.bad))


_LOOKS: Final[tuple[_Look, ...]] = (
    lanes.late,
    lanes.failing,
    lanes.unworked,
    restoring.unfinished,
    saying.feed,
    deciding.undecided,
    saying.closed,
    expiring.expiring,
    lanes.unanswered,
    saying.for_operators,
    lanes.paused,
    deciding.differing,
    keeping.overdue,
)
