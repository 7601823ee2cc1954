"""A new partner's list: the steps that only a person can say are done, with their evidence."""

from datetime import datetime

from sqlalchemy import delete

from gateway.acts import permission, reasons
from gateway.identity.actor import Actor
from gateway.identity.roles import Right
from gateway.views.onboarding import BY_HAND
from outbox import ledger
from outbox.house import House
from partners import agreements
from schemas.database import upsert
from schemas.errors import BadRequest
from schemas.tables import onboarding


def tick(
    house: House, actor: Actor, partner: str, step: str, *, evidence: str, now: datetime
) -> None:
    """Say that a step is done, and where that can be seen: a file's name, a date, who said so.

    Raises `BadRequest`: MRX-5001 (no such partner), MRX-7003 (no step that is ticked by hand),
    MRX-7023 (no evidence).
    """
    act = "tick a step of onboarding"
    permission.demand(house, actor, Right.ENGINEER, act=act, partner=partner, now=now)
    seen = reasons.given(evidence)
    _demand_by_hand(step)
    row = {"done_at": now, "done_by": actor.by, "evidence": seen}
    with house.database.write() as tx:
        agreements.get(tx, partner)
        into = upsert(tx, onboarding).values(partner=partner, step=step, **row)
        tx.execute(into.on_conflict_do_update(index_elements=["partner", "step"], set_=row))
        told = {"step": step, "evidence": seen, "by": actor.by}
        ledger.add(tx, "onboarding step done", told, now=now, partner=partner)


def reopen(
    house: House, actor: Actor, partner: str, step: str, *, reason: str, now: datetime
) -> None:
    """Say that a step is not done after all; again changes nothing. Raises as `tick` does."""
    act = "reopen a step of onboarding"
    permission.demand(house, actor, Right.ENGINEER, act=act, partner=partner, now=now)
    why = reasons.given(reason)
    _demand_by_hand(step)
    here = (onboarding.c.partner == partner) & (onboarding.c.step == step)
    with house.database.write() as tx:
        agreements.get(tx, partner)
        if tx.execute(delete(onboarding).where(here)).rowcount:
            told = {"step": step, "reason": why, "by": actor.by}
            ledger.add(tx, "onboarding step reopened", told, now=now, partner=partner)


def _demand_by_hand(step: str) -> None:
    if step not in BY_HAND:
        raise BadRequest("MRX-7003", field="step")
