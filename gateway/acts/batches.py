"""What people do with a batch: have it tried now, take its evidence, look at one name in it."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import select

from gateway import evidence_file
from gateway.acts import permission
from gateway.identity.actor import Actor
from gateway.identity.roles import Right
from outbox import batch as batches
from outbox import ledger, release, rest
from outbox.batch import Batch, State
from outbox.house import House
from partners import roll
from schemas.errors import BadRequest
from schemas.tables import agreements, batch_notices, lanes

OPEN: Final = frozenset({State.SEALED, State.SENDING, State.UNKNOWN})


class Why(StrEnum):
    """Why somebody looks at a name. A list, because a reason in free words would hold the name."""

    COMPANY = "company"
    ALARM = "alarm"
    REPAIR = "repair"
    AUDIT = "audit"


WHY_LOOK: Final[Mapping[Why, str]] = {
    Why.COMPANY: "the company asked",
    Why.ALARM: "an alarm",
    Why.REPAIR: "a repair",
    Why.AUDIT: "an audit",
}
"""The same as the ledger keeps it."""


def retry(house: House, actor: Actor, batch_id: int, *, now: datetime) -> Batch:
    """Let the lane of an unanswered batch look at once, instead of when its waiting time is over.

    The same bytes go under the same number, if they still may. Raises `BadRequest`: MRX-7017,
    MRX-5003, MRX-7015 (it is answered, paused, or the partner fetches by itself).
    """
    permission.demand(house, actor, Right.RUN, act="retry a batch", now=now)
    with house.bell.after(), house.database.write() as tx:
        found = batches.get(tx, batch_id)
        if found.state not in OPEN:
            raise BadRequest("MRX-7015", state=found.state.value)
        if tx.scalar(select(lanes.c.paused).where(lanes.c.id == found.lane_id)):
            raise BadRequest("MRX-7015", state="paused")
        here = agreements.c.partner == found.partner
        if tx.scalar(select(agreements.c.push_url).where(here)) is None:
            raise BadRequest("MRX-7015", state="fetched by the partner")
        rest.hurry(tx, only=found.partner)
        told = {"id": found.id, "lane": found.lane, "batch": found.number, "by": actor.by}
        ledger.add(tx, "retry asked", told, now=now, partner=found.partner)
        return found


def evidence(
    house: House, actor: Actor, batch_id: int, *, now: datetime
) -> tuple[str, Iterator[bytes]]:
    """The name of a batch's evidence file, and the file in pieces (`gateway.evidence_file`).

    What is handed out stands in the ledger before the first piece. Raises `BadRequest` MRX-7017,
    MRX-5003.
    """
    permission.demand(house, actor, Right.EXPORT, act="take evidence", now=now)
    with house.database.write() as tx:
        found, issues = release.evidence(tx, house, batch_id, by=actor.by, now=now)
    return evidence_file.name(found), evidence_file.written(house, found, issues, now=now)


def name(house: House, actor: Actor, batch_id: int, ref: str, *, reason: str, now: datetime) -> str:
    """The name of the member that a notice of a batch is about, as the roll has it now.

    Raises `BadRequest`: MRX-7017, MRX-7023 (none of `WHY_LOOK`), MRX-5003 (no such notice), MRX-5002
    (not on the roll any more).
    """
    permission.demand(house, actor, Right.SEE_COMPANIES, act="look at a name", now=now)
    if reason not in WHY_LOOK.values():
        raise BadRequest("MRX-7023")
    with house.database.write() as tx:
        found = batches.get(tx, batch_id)
        here = (batch_notices.c.batch_id == batch_id) & (batch_notices.c.ref == ref)
        account = tx.scalar(select(batch_notices.c.account).where(here))
        if account is None:
            raise BadRequest("MRX-5003")
        entry = roll.get(tx, account)
        told = {"id": found.id, "ref": ref, "by": actor.by, "reason": reason}
        ledger.add(tx, "name shown", told, now=now, partner=found.partner, subject=account)
        return str(entry.member.name)
