"""A partner's batch that waits: let in, or turned down.

members would go?  --no-->  one person's yes applies it
      |yes
one person types how many, and asks --another person's yes--> applied
either way: one person's no turns it down
"""

from datetime import datetime

from gateway import inbound_batches, quarantine
from gateway.acts import approvals, permission, reasons
from gateway.acts.approvals import Approval
from gateway.identity.actor import Actor
from gateway.identity.roles import Right
from gateway.inbound_batches import Inbound, State
from gateway.views.inbound import LET_IN
from outbox.house import House
from schemas.errors import BadRequest


def release(
    house: House, actor: Actor, batch_id: str, *, gone: int, reason: str, now: datetime
) -> tuple[Inbound, Approval | None]:
    """Let a batch in that waits: at once, or, where members would go, when a second person says
    yes too. `gone` is typed by the person: how many of the roll would go.

    Raises `BadRequest`: MRX-5014 (no such batch), MRX-5022 (it does not wait), MRX-7024 (another
    number was typed), MRX-7022 (a second person is asked already).
    """
    place = inbound_batches.place_of(batch_id)
    who = place.partner
    permission.demand(house, actor, Right.APPROVE, act=LET_IN, partner=who, now=now)
    why = reasons.given(reason)
    with house.database.write() as tx:
        found = inbound_batches.get(tx, batch_id)
        plan = inbound_batches.plan(tx, found)
        if plan is None:
            raise BadRequest("MRX-5022", state=found.state.value)
        if gone != plan.gone:
            raise BadRequest("MRX-7024")
        if plan.gone:
            asked = approvals.ask(
                tx,
                actor,
                LET_IN,
                partner=who,
                subject=batch_id,
                reason=why,
                now=now,
                given={"gone": gone},
            )
            return found, asked
    return quarantine.approve(house, batch_id, by=actor.by, reason=why, now=now, gone=gone), None


def refuse(house: House, actor: Actor, batch_id: str, *, reason: str, now: datetime) -> Inbound:
    """Turn a batch down that waits; the partner hears so. Raises as `quarantine.reject` does."""
    who = inbound_batches.place_of(batch_id).partner
    permission.demand(house, actor, Right.APPROVE, act="turn a batch down", partner=who, now=now)
    why = reasons.given(reason)
    found = quarantine.reject(house, batch_id, by=actor.by, reason=why, now=now)
    # We crash here: an approval still waits for a batch that is decided, and its yes says so.
    with house.database.write() as tx:
        subject = {"partner": who, "subject": batch_id}
        approvals.drop(tx, LET_IN, **subject, by=actor.by, reason=why, now=now)
    return found


def _let_in(house: House, asked: Approval, by: str, now: datetime) -> None:
    """Carry out what two persons want: that as many go as the first one typed, and no others."""
    with house.database.read() as tx:
        found = inbound_batches.get(tx, asked.subject)
        gone = approvals.typed(tx, asked, "gone")
    if found.state is State.APPLIED:  # a yes before this one was killed just after it
        return
    quarantine.approve(house, asked.subject, by=by, reason=asked.reason, now=now, gone=gone)


approvals.register(LET_IN, between=_let_in, look="/inbound/{partner}/{subject}")
