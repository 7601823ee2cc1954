"""Erasing in the background: the run that is open, whoever began it; and where it is switched on, one
of our own a day.

Killed at any point: the run is a row, and whoever has the turn next goes on with it. A second one
finds it open and begins none.
"""

from datetime import datetime, timedelta
from typing import Final

from outbox import retention_run
from outbox.house import House

EVERY: Final = timedelta(days=1)
REASON: Final = "the daily run"


def go_on(house: House, *, now: datetime) -> bool:
    """Erase one chunk of the open run, or begin the day's; say whether it goes on."""
    if retention_run.go_on(house, now=now):
        return True
    if not house.terms.retention.daily:
        return False
    with house.database.read() as tx:
        last = retention_run.last(tx)
    if last is not None and now - last.began_at < EVERY:
        return False
    with house.database.write() as tx:
        newest = retention_run.last(tx)
        if (newest and newest.id) == (last and last.id):  # else somebody was quicker
            retention_run.begin(tx, house, by=retention_run.BY, reason=REASON, now=now)
    return True
