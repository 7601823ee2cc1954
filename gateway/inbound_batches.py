"""Partners' batches as we keep them: found by an id, listed for people.

    applied       taken in, or receipted as refused
    quarantined   waits for a person (`gateway.quarantine`)
    rejected      turned down by a person, or overtaken by a newer issue while it waited

An id says where a batch stands: `mx-neec.routine.00112233445566aa.5.1` is Mexico's routine lane in
that epoch, number 5, issue 1.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, select, text, tuple_

from partners import quarantine
from partners.quarantine import Place, Plan
from schemas.errors import BadRequest
from schemas.tables import inbound_batches

ID = r"^[a-z0-9-]{1,32}\.(urgent|routine)\.[0-9a-f]{16}\.[1-9][0-9]{0,17}\.[1-9][0-9]{0,17}$"

_b = inbound_batches.c
KEY: tuple[ColumnElement[Any], ...] = (_b.partner, _b.kind, _b.epoch, _b.number, _b.issue)
# The few that wait, by the index of just those: OFFSET 0 keeps a planner from walking all batches in
# their order to find them.
_WAITING = select(*KEY).where(text("state = 'quarantined'")).offset(0).subquery()
_TOLD = tuple(column for column in inbound_batches.c if column.name not in ("file", "receipt"))


class State(StrEnum):
    APPLIED = "applied"
    QUARANTINED = "quarantined"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """One issue of one batch of a partner; nothing of what it says. `owed` means that our newest
    receipt for it is still to be told to the partner; `erased_at` is when its file went because its
    term was over.
    """

    place: Place
    digest: str
    certificate: str
    received_at: datetime
    state: State
    announced: int
    withdrawn: int
    decided_by: str | None
    decided_at: datetime | None
    reason: str | None
    owed: bool
    erased_at: datetime | None

    @property
    def id(self) -> str:
        return ".".join(map(str, key(self.place)))

    @property
    def facts(self) -> dict[str, object]:
        """All of it by name, as people and programs are shown it."""
        place = self.place
        return {
            "id": self.id,
            "partner": place.partner,
            "lane": place.kind,
            "epoch": place.epoch,
            "number": place.number,
            "issue": place.issue,
            "state": self.state.value,
            "announced": self.announced,
            "withdrawn": self.withdrawn,
            "received_at": self.received_at,
            "digest": self.digest,
            "certificate": self.certificate,
            "decided_by": self.decided_by,
            "decided_at": self.decided_at,
            "reason": self.reason,
            "owed": self.owed,
            "erased_at": self.erased_at,
        }


def key(place: Place) -> tuple[str, str, str, int, int]:
    """The columns of `KEY` for a place."""
    return place.partner, place.kind, place.epoch, place.number, place.issue


def place_of(batch_id: str) -> Place:
    """Where an id stands; raises `BadRequest` MRX-5014 for a text that is none."""
    if re.fullmatch(ID, batch_id) is None:
        raise BadRequest("MRX-5014")
    partner, kind, epoch, number, issue = batch_id.split(".")
    return Place(partner=partner, kind=kind, epoch=epoch, number=int(number), issue=int(issue))


def place(row: Row[Any]) -> Place:
    """Where a row with the columns of `KEY` stands."""
    return Place(
        partner=row.partner,
        kind=row.kind,
        epoch=row.epoch,
        number=row.number,
        issue=row.issue,
    )


def where(place: Place) -> ColumnElement[bool]:
    """The condition for this one row."""
    return and_(
        _b.partner == place.partner,
        _b.kind == place.kind,
        _b.epoch == place.epoch,
        _b.number == place.number,
        _b.issue == place.issue,
    )


def get(tx: Connection, batch_id: str) -> Inbound:
    """One batch, or `BadRequest` MRX-5014."""
    row = tx.execute(select(*_TOLD).where(where(place_of(batch_id)))).one_or_none()
    if row is None:
        raise BadRequest("MRX-5014")
    return _inbound(row)


def every(
    tx: Connection,
    *,
    state: State | None = None,
    partner: str | None = None,
    after: Place | None = None,
    at_most: int | None = None,
) -> list[Inbound]:
    """Batches by partner, lane, epoch, number and issue, from the one after `after`."""
    query = select(*_TOLD).order_by(*KEY).limit(at_most)
    if state is State.QUARANTINED:
        query = query.join(_WAITING, and_(*(_WAITING.c[one.name] == one for one in KEY)))
    elif state is not None:
        query = query.where(_b.state == state.value)
    if partner is not None:
        query = query.where(_b.partner == partner)
    if after is not None:
        query = query.where(tuple_(*KEY) > key(after))
    return [_inbound(row) for row in tx.execute(query)]


def latest(
    tx: Connection, partner: str, *, before: Place | None = None, at_most: int
) -> list[Inbound]:
    """A partner's batches the other way round: of each lane the newest first."""
    back = (column.desc() for column in KEY)
    query = select(*_TOLD).where(_b.partner == partner).order_by(*back).limit(at_most)
    if before is not None:
        query = query.where(tuple_(*KEY) < key(before))
    return [_inbound(row) for row in tx.execute(query)]


def plan(tx: Connection, batch: Inbound) -> Plan | None:
    """What a batch that waits would do; None for one that does not wait."""
    return quarantine.plan(tx, batch.place) if batch.state is State.QUARANTINED else None


def _inbound(row: Row[Any]) -> Inbound:
    return Inbound(
        place=place(row),
        digest=row.digest,
        certificate=row.certificate,
        received_at=row.received_at,
        state=State(row.state),
        announced=row.announced,
        withdrawn=row.withdrawn,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        reason=row.reason,
        owed=row.owed,
        erased_at=row.erased_at,
    )
