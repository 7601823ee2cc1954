"""What acts for two persons were asked for, and how each stands."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Row, bindparam, func, select, text, tuple_

from schemas.errors import BadRequest
from schemas.tables import approvals, ledger, stored

ASKED: Final = "approval asked"

_BY_ID = select(approvals).where(approvals.c.id == bindparam("which"))
_WAITS = select(approvals).where(
    approvals.c.act == bindparam("what"),
    approvals.c.partner == bindparam("whose"),
    approvals.c.subject == bindparam("of"),
    approvals.c.state == "waiting",
)
# The condition of its partial index is written out, so that it is found by it.
_WAITING = select(func.count()).select_from(approvals).where(text("state = 'waiting'"))
_TOLD = select(ledger.c.entry).where(ledger.c.subject == bindparam("which"), ledger.c.kind == ASKED)


class State(StrEnum):
    WAITING = "waiting"
    APPROVED = "approved"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """An act that somebody asked for, and what became of it. `partner` is '' for one about this
    gateway itself; `subject` is what it is done to: a fingerprint, a number, never company data.
    """

    id: str
    act: str
    partner: str
    subject: str
    reason: str
    asked_by: str
    asked_at: datetime
    state: State
    decided_by: str | None
    decided_at: datetime | None
    decision: str | None

    @property
    def begun(self) -> bool:
        """Whether somebody said yes and the act was not finished: it can be refused no more."""
        return self.state is State.WAITING and self.decided_by is not None


def get(tx: Connection, approval_id: str) -> Approval:
    """One approval, or `BadRequest` MRX-5064."""
    row = tx.execute(_BY_ID, {"which": approval_id}).one_or_none()
    if row is None:
        raise BadRequest("MRX-5064")
    return _approval(row)


def waiting(tx: Connection, act: str, *, partner: str = "", subject: str = "") -> Approval | None:
    """The approval for which this act waits, or None."""
    row = tx.execute(_WAITS, {"what": act, "whose": partner, "of": subject}).one_or_none()
    return None if row is None else _approval(row)


def count_waiting(tx: Connection) -> int:
    """How many acts wait for a second person."""
    return tx.execute(_WAITING).scalar_one()


def typed(tx: Connection, approval: Approval, what: str) -> int:
    """The number that was typed by whoever asked, as the ledger has it: `given` to `ask`."""
    told = orjson.loads(tx.execute(_TOLD, {"which": approval.id}).scalar_one())
    return int(told[what])


def every(
    tx: Connection,
    *,
    state: State | None = None,
    partner: str | None = None,
    after: tuple[datetime, str] | None = None,
    at_most: int | None = None,
) -> list[Approval]:
    """Approvals, the newest first; those older than the key `after`."""
    key = (approvals.c.asked_at, approvals.c.id)
    query = select(approvals).order_by(*(column.desc() for column in key)).limit(at_most)
    if state is not None:
        query = query.where(approvals.c.state == state)
    if partner is not None:
        query = query.where(approvals.c.partner == partner)
    if after is not None:
        query = query.where(tuple_(*key) < after)
    return [_approval(row) for row in tx.execute(query)]


def key(approval: Approval) -> tuple[int, str]:
    """The key of `after` for one of them, as numbers and text."""
    return stored(approval.asked_at), approval.id


def _approval(row: Row[Any]) -> Approval:
    return Approval(
        id=row.id,
        act=row.act,
        partner=row.partner,
        subject=row.subject,
        reason=row.reason,
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        state=State(row.state),
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        decision=row.decision,
    )
