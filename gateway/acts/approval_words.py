"""Giving an approver the word by which they decide at the shell."""

from datetime import datetime

from gateway.acts import approvals, permission
from gateway.acts.approvals import State
from gateway.identity import approval_word
from gateway.identity.actor import Actor
from gateway.identity.roles import Right
from outbox import ledger
from outbox.house import House
from schemas.errors import BadRequest


def give(house: House, actor: Actor, approval_id: str, *, now: datetime) -> str:
    """The word for a user of the console who showed just now who they are; the ledger keeps that
    they have one. Raises `BadRequest`: MRX-7017 (no right to decide), MRX-5064 (no such approval),
    MRX-7014 (one's own), MRX-5022 (decided already).
    """
    act = "decide at the shell"
    permission.demand(house, actor, Right.APPROVE, act=act, now=now)
    with house.database.write() as tx:
        asked = approvals.get(tx, approval_id)
        if asked.asked_by == actor.by:
            raise BadRequest("MRX-7014")
        if asked.state is not State.WAITING:
            raise BadRequest("MRX-5022", state=asked.state.value)
        told = {"approval": asked.id, "act": asked.act, "by": actor.by}
        partner = asked.partner or None
        ledger.add(tx, "approval word given", told, now=now, partner=partner, subject=asked.id)
    return approval_word.made(house.folder, asked.id, actor.by, now=now)
