"""Going live with a partner: two persons, and only when its onboarding list is complete."""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from gateway.acts import approvals, permission, reasons
from gateway.acts.approvals import Approval
from gateway.identity.actor import Actor
from gateway.identity.roles import Right
from gateway.views import onboarding
from outbox import ledger, pending, rest
from outbox.house import House
from partners import agreements
from schemas.errors import BadRequest

GO_LIVE: Final = "go live"


def ask(house: House, actor: Actor, partner: str, *, reason: str, now: datetime) -> Approval:
    """Ask that the exchange with a partner begins; a second person's yes begins it.

    Raises `BadRequest`: MRX-5001 (no such partner), MRX-7015 (it is live, or something on its list
    is open), MRX-7022 (it waits already).
    """
    permission.demand(house, actor, Right.ENGINEER, act=GO_LIVE, partner=partner, now=now)
    why = reasons.given(reason)
    with house.database.write() as tx:
        _demand_complete(tx, house, partner, now=now)
        return approvals.ask(tx, actor, GO_LIVE, partner=partner, reason=why, now=now)


def _demand_complete(tx: Connection, house: House, partner: str, *, now: datetime) -> None:
    if agreements.get(tx, partner).agreement.enabled:
        raise BadRequest("MRX-7015", state="live")
    open_steps = onboarding.tasks(tx, house, partner, now=now).open_before
    if open_steps:
        raise BadRequest("MRX-7015", open=" ".join(open_steps))


def _begin(tx: Connection, house: House, asked: Approval, by: str, now: datetime) -> None:
    """Enable the exchange, in the transaction of the second person's yes: what was complete when
    it was asked may have come undone since.
    """
    _demand_complete(tx, house, asked.partner, now=now)
    agreements.change(tx, asked.partner, enabled=True)
    pending.retell(tx, asked.partner)
    rest.hurry(tx, only=asked.partner)
    told = {"by": by, "asked_by": asked.asked_by, "reason": asked.reason}
    ledger.add(tx, "went live", told, now=now, partner=asked.partner)


approvals.register(GO_LIVE, within=_begin, look="/onboarding/{partner}")
