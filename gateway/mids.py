"""MIDs attached by hand to members of a partner's roll.

US targeting knows MIDs and nothing else, and a partner does not always know those of its members'
plants. One attached here is dated and says who did it; it leaves with the member.
"""

import hashlib
from datetime import UTC, date, datetime

from outbox import ledger
from outbox.house import House
from partners import agreements, foreign_feed, foreign_identifiers, foreign_roll, recognised
from partners.recognised import Recognised
from schemas.errors import BadRequest
from schemas.identifiers import identifier


def attach(
    house: House,
    programme: str,
    ref: str,
    text: str,
    *,
    from_on: date | None,
    until_on: date | None,
    by: str,
    now: datetime,
) -> Recognised:
    """Attach a MID from a day (today) until a day (open); again with other dates changes them.

    Raises `BadIdentifier` for what is no MID, `BadRequest` MRX-5001 (no such partner), MRX-5017 (no
    such member), MRX-7003 (it would end before it begins).
    """
    mid = identifier(foreign_identifiers.MID, text).value
    begins = from_on or now.astimezone(UTC).date()
    if until_on is not None and until_on <= begins:
        raise BadRequest("MRX-7003", field="until")
    with house.database.write() as tx:
        agreements.get(tx, programme)
        foreign_roll.lock(tx, programme, now=now)
        recognised.get(tx, programme, ref, now=now)
        changed = foreign_identifiers.attach(
            tx, programme, ref, mid, from_on=begins, until_on=until_on, by=by, now=now
        )
        if changed:
            foreign_feed.move(tx, programme, [ref])
            told = {"from": begins, "until": until_on, "mid": _digest(ref, mid), "by": by}
            ledger.add(tx, "mid attached", told, now=now, partner=programme, subject=ref)
        return recognised.get(tx, programme, ref, now=now)


def detach(
    house: House, programme: str, ref: str, text: str, *, by: str, now: datetime
) -> Recognised:
    """From today on this MID is not the member's. Only one attached by hand can be ended here.

    Raises `BadIdentifier`, `BadRequest` MRX-5001 (no such partner), MRX-5017 (no such member, or
    no such MID attached to it by hand).
    """
    mid = identifier(foreign_identifiers.MID, text).value
    with house.database.write() as tx:
        agreements.get(tx, programme)
        foreign_roll.lock(tx, programme, now=now)
        recognised.get(tx, programme, ref, now=now)
        today = now.astimezone(UTC).date()
        ended = foreign_identifiers.end(tx, programme, ref, mid, today=today)
        if ended is None:
            raise BadRequest("MRX-5017")
        if ended:
            foreign_feed.move(tx, programme, [ref])
            told = {"until": today, "mid": _digest(ref, mid), "by": by}
            ledger.add(tx, "mid detached", told, now=now, partner=programme, subject=ref)
        return recognised.get(tx, programme, ref, now=now)


def _digest(ref: str, mid: str) -> str:
    """What the ledger keeps of a MID: enough to prove which one it was."""
    return hashlib.sha256(f"{ref}\n{mid}\n".encode()).hexdigest()
