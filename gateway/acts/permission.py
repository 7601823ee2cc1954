"""The one question before every act: may they? A refusal stands in the ledger too."""

from datetime import datetime

from gateway.identity.actor import Actor
from gateway.identity.roles import Right, roles_with
from outbox import ledger
from outbox.house import House
from schemas.errors import BadRequest


def demand(
    house: House, actor: Actor, right: Right, *, act: str, now: datetime, partner: str | None = None
) -> None:
    """Return if the actor has the right; else write "act refused" and raise `BadRequest` MRX-7017.

    Called before the act's own transaction, whose rollback would lose the entry.
    """
    if actor.may(right):
        return
    with house.database.write() as tx:
        told = {"act": act, "by": actor.by, "right": right.value}
        ledger.add(tx, "act refused", told, now=now, partner=partner)
    raise BadRequest("MRX-7017", roles=" or ".join(roles_with(right)))
