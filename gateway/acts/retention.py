"""Erasing what is over its term, by hand: nothing brings it back, so it is for two persons.

    asked --another person's yes--> a run is open, and the gateway works it in the background
    at the shell of a test gateway: a run is open at once

What a run erases is fixed by the terms of the settings at the moment it begins (`outbox.retention`);
nobody chooses rows. Where the gateway runs it daily (MRX_RETENTION=on), nobody need do anything.
"""

from datetime import datetime

from sqlalchemy import Connection

from gateway.acts import approvals, permission, reasons
from gateway.acts.approvals import Approval
from gateway.identity.actor import Actor
from gateway.identity.roles import Right
from gateway.views.retention import ACT
from outbox import retention_run
from outbox.house import House
from outbox.retention_run import Run
from schemas.errors import BadRequest

__all__ = ("ACT", "ask", "begin")


def ask(house: House, actor: Actor, *, reason: str, now: datetime) -> Approval:
    """Ask that what is over its term is erased now; a second person's yes begins it.

    Raises `BadRequest`: MRX-7017, MRX-7023 (no reason), MRX-7022 (it waits already), MRX-7015 (a
    run is on its way).
    """
    permission.demand(house, actor, Right.SECURE, act=ACT, now=now)
    why = reasons.given(reason)
    with house.database.write() as tx:
        running = retention_run.open_run(tx)
        if running is not None:
            raise BadRequest("MRX-7015", state=running.state.value)
        return approvals.ask(tx, actor, ACT, reason=why, now=now)


def begin(house: House, actor: Actor, *, reason: str, now: datetime) -> Run:
    """Open a run at once, alone. Whoever calls it has seen that this gateway is no production."""
    permission.demand(house, actor, Right.SECURE, act=ACT, now=now)
    why = reasons.given(reason)
    with house.database.write() as tx:
        return retention_run.begin(tx, house, by=actor.by, reason=why, now=now)


def _begin(tx: Connection, house: House, asked: Approval, by: str, now: datetime) -> None:
    """A second person said yes. Raises `BadRequest` MRX-7015 if a run began meanwhile."""
    by_both = f"{asked.asked_by}, {by}"
    retention_run.begin(tx, house, by=by_both, reason=asked.reason, now=now)


approvals.register(ACT, within=_begin, look="/retention")
