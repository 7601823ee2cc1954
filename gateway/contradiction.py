"""A partner's batch that contradicts one we have: refused, and noted in the ledger once.

    MRX-4004   the same issue with other bytes: a sealed batch never changes
    MRX-4005   a number that names another one before it: their chain is not the one we have

Nothing of it is taken. But their system was set back, or somebody else has their key, and no
repetition repairs it: a person must know, and does by the metric that counts these entries.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, select

from gateway import sequence
from gateway.arrived import Arrived
from outbox import ledger
from schemas.errors import Refused
from schemas.tables import ledger as entries

CODES: Final = frozenset({"MRX-4004", "MRX-4005"})
KIND: Final = "batch contradicts"
_NOTED = select(entries.c.position).where(
    entries.c.subject == bindparam("place"),
    entries.c.kind == KIND,
    entries.c.partner == bindparam("partner"),
)


def or_known(tx: Connection, arrived: Arrived, *, now: datetime) -> bytes | Refused | None:
    """The receipt of a batch that is not new; None for one that is next. A refusal that proves a
    contradiction is returned: the caller commits what was noted, and raises it then. Any other is
    raised here. The caller has locked the roll.
    """
    opened = arrived.opened
    try:
        return sequence.stored_receipt(
            tx, arrived.partner, arrived.header, opened.digest, content=opened.content
        )
    except Refused as refused:
        if refused.code not in CODES:
            raise
        _note(tx, arrived, refused, now=now)
        return refused


def _note(tx: Connection, arrived: Arrived, refused: Refused, *, now: datetime) -> None:
    """Once of each place: a sender that repeats it for years, sealed anew each time, fills no ledger."""
    header = arrived.header
    place = f"{header.lane.value} {header.epoch} {header.number} {header.issue}"
    if tx.scalar(_NOTED, {"place": place, "partner": arrived.partner}) is not None:
        return
    told = {
        "code": refused.code,
        "lane": header.lane.value,
        "epoch": header.epoch,
        "batch": header.number,
        "issue": header.issue,
        "digest": arrived.opened.digest,
        "same_content": "content" in refused.facts,
    }
    ledger.add(tx, KIND, told, now=now, partner=arrived.partner, subject=place)
