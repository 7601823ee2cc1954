"""After a restore from a backup: opening the lanes to a partner that cannot be asked.

    shut --two persons, with a reason--> open, in the new epoch, with versions far beyond the last

A partner that can be asked opens them by its answer (`gateway.recovering`, `mrx reconcile`), and that
is the better way: it finds what the partner was told and we do not know.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from gateway.acts import approvals, permission, reasons
from gateway.acts.approvals import Approval
from gateway.identity.actor import Actor
from gateway.identity.roles import Right
from outbox import restored
from outbox.house import House
from partners import agreements
from schemas.errors import BadRequest

OPEN: Final = "open lanes unasked"


def open_unasked(
    house: House, actor: Actor, partner: str, *, reason: str, now: datetime
) -> Approval:
    """Ask that the lanes of a partner be opened without its word; a second person's yes opens them.

    Raises `BadRequest`: MRX-5001 (no such partner), MRX-5074 (they are open), MRX-7022 (it waits
    already).
    """
    permission.demand(house, actor, Right.RUN, act=OPEN, partner=partner, now=now)
    why = reasons.given(reason)
    with house.database.write() as tx:
        agreements.get(tx, partner)
        _demand_shut(tx, partner)
        return approvals.ask(tx, actor, OPEN, partner=partner, reason=why, now=now)


def _demand_shut(tx: Connection, partner: str) -> None:
    if not restored.is_shut(tx, partner):
        raise BadRequest("MRX-5074")


def _open(tx: Connection, _house: House, asked: Approval, by: str, now: datetime) -> None:
    _demand_shut(tx, asked.partner)
    restored.open_unasked(
        tx, asked.partner, by=by, asked_by=asked.asked_by, reason=asked.reason, now=now
    )


approvals.register(OPEN, within=_open, look="/partners/{partner}")
