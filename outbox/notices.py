"""Every notice and how it stands: the one list of what waits, what is stuck, and what is held.

    pending    to be told, or being told
    blocked    not sayable or not allowed: its own code, or the gate's while that is closed
    refused    the partner refused it
    held       told and confirmed: one row for each live reference

A pair whose newer state waits is in two rows: what the partner holds, and what it shall hear. A
pause blocks nothing: what waits behind it is pending.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    case,
    func,
    literal,
    null,
    select,
)

from outbox import gate as gates
from outbox.house import House
from outbox.withdrawals import ANNOUNCE
from partners import agreements
from schemas.tables import disclosures, lanes, pending

REFUSED_CODES = ("MRX-2210", "MRX-2211")


class State(StrEnum):
    """Where a notice stands."""

    PENDING = "pending"
    BLOCKED = "blocked"
    REFUSED = "refused"
    HELD = "held"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One notice.

    `code` says why it is blocked or refused, `partner_code` is the partner's own word. `ref` is
    given with a withdrawal and with what is held, `batch` is the unanswered batch it is in.
    `since` is when its first untold change came, or when it was confirmed.
    """

    partner: str
    account: str
    lane: str
    state: State
    code: str | None
    kind: str
    ref: str | None
    since: datetime
    batch: int | None
    partner_code: str | None


def every(
    tx: Connection,
    house: House,
    *,
    now: datetime,
    partner: str | None = None,
    state: State | None = None,
    account: str | None = None,
) -> Iterator[Notice]:
    """The notices by partner and account, row by row: first what is to be told, then what is held."""
    closed = gates.closed(tx, house, now=now)
    if state is not State.HELD:
        query = _waiting(closed)
        if state is not None:
            query = query.where(_state(closed) == state.value)
        yield from _rows(tx, query, pending, partner, account)
    if state is None or state is State.HELD:
        yield from _rows(tx, _held(), disclosures, partner, account)


def _rows(
    tx: Connection, query: Select[Any], table: Table, partner: str | None, account: str | None
) -> Iterator[Notice]:
    if partner is not None:
        query = query.where(table.c.partner == partner)
    if account is not None:
        query = query.where(table.c.account == account)
    ordered = query.order_by(table.c.partner, table.c.account, table.c.ref)
    for row in tx.execute(ordered.execution_options(yield_per=1_000)):
        yield Notice(**{**row._mapping, "state": State(row.state)})  # noqa: SLF001  # public


def counts(tx: Connection, house: House, *, now: datetime) -> dict[str, dict[State, int]]:
    """How many notices of each state each partner has; every partner and every state is there."""
    found = {one.agreement.partner: dict.fromkeys(State, 0) for one in agreements.every(tx)}
    state = _state(gates.closed(tx, house, now=now))
    waiting = select(pending.c.partner, state.label("state"), func.count().label("n"))
    held = _held().with_only_columns(
        disclosures.c.partner, literal(State.HELD.value).label("state"), func.count().label("n")
    )
    for row in tx.execute(waiting.group_by(pending.c.partner, state)):
        found[row.partner][State(row.state)] = row.n
    for row in tx.execute(held.group_by(disclosures.c.partner)):
        found[row.partner][State.HELD] = row.n
    return found


def _code(closed: dict[str, str]) -> ColumnElement[Any]:
    """The row's own code, or else the gate's for an announcement that is in no batch yet."""
    if not closed:
        return pending.c.blocked
    behind = and_(pending.c.ref == ANNOUNCE, pending.c.batch_id.is_(None))
    gate = case((behind, case(closed, value=pending.c.partner)), else_=null())
    return func.coalesce(pending.c.blocked, gate)


def _state(closed: dict[str, str]) -> ColumnElement[str]:
    code = _code(closed)
    return case(
        (code.is_(None), State.PENDING.value),
        (code.in_(REFUSED_CODES), State.REFUSED.value),
        else_=State.BLOCKED.value,
    )


def _waiting(closed: dict[str, str]) -> Select[Any]:
    announces = pending.c.ref == ANNOUNCE
    return select(
        pending.c.partner,
        pending.c.account,
        lanes.c.kind.label("lane"),
        _state(closed).label("state"),
        _code(closed).label("code"),
        case((announces, "announcement"), else_="withdrawal").label("kind"),
        func.nullif(pending.c.ref, ANNOUNCE).label("ref"),
        pending.c.since,
        pending.c.batch_id.label("batch"),
        pending.c.partner_code,
    ).join(lanes, lanes.c.id == pending.c.lane_id)


def _held() -> Select[Any]:
    return (
        select(
            disclosures.c.partner,
            disclosures.c.account,
            lanes.c.kind.label("lane"),
            literal(State.HELD.value).label("state"),
            null().label("code"),
            literal("announcement").label("kind"),
            disclosures.c.ref,
            disclosures.c.held_at.label("since"),
            null().label("batch"),
            null().label("partner_code"),
        )
        .join(lanes, lanes.c.id == disclosures.c.lane_id)
        .where(disclosures.c.held_version.is_not(None), disclosures.c.withdraw_since.is_(None))
    )
