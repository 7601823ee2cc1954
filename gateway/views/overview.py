"""Overview: is anything stuck, and where? What needs a person first, then a row a partner."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from gateway.views import alarms, rows
from gateway.views.alarms import Alarm
from gateway.views.rows import Row
from outbox.house import House


@dataclass(frozen=True, slots=True)
class Overview:
    """What needs a person, the worst first, and all partners by code."""

    alarms: tuple[Alarm, ...]
    rows: tuple[Row, ...]


def overview(tx: Connection, house: House, *, now: datetime) -> Overview:
    found = rows.every(tx, house, now=now)
    return Overview(alarms.every(tx, house, found, now=now), found)
