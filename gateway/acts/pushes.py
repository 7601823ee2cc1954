"""A full list that waits because it would remove too many: released by a second person, or refused.

Who pushed it is the first person; so nobody releases what their own token pushed.
"""

from datetime import datetime

from gateway import pushes, taking
from gateway.acts import permission, reasons
from gateway.identity.actor import Actor
from gateway.identity.roles import Right
from gateway.taking import going
from outbox.house import House
from schemas.errors import BadRequest


def release(
    house: House, actor: Actor, push_id: str, *, gone: int, reason: str, now: datetime
) -> None:
    """Let a waiting push in; `gone` is typed by the person, and must be what `going` says.

    It is carried out now, and takes as long as a push of so many lines takes. Who gives up waiting
    for the answer stops nothing: the push's page says how it stands. Raises `BadRequest`: MRX-7004 (no such
    push), MRX-7015 (it does not wait), MRX-7014 (one's own), MRX-7024 (another number was typed, or
    more would go by now: then it waits on, and says how many).
    """
    permission.demand(house, actor, Right.APPROVE, act="release a push", now=now)
    why = reasons.given(reason)
    with house.database.read() as tx:
        push = pushes.any_of(tx, push_id)
    if push.state is pushes.State.WAITING and gone != going(push):
        raise BadRequest("MRX-7024")
    taking.approve(house, push, by=actor.by, reason=why, now=now)


def refuse(house: House, actor: Actor, push_id: str, *, reason: str, now: datetime) -> None:
    """Give up a waiting push: nothing of it is taken. Raises `BadRequest` MRX-7004, MRX-7015."""
    permission.demand(house, actor, Right.APPROVE, act="refuse a push", now=now)
    why = reasons.given(reason)
    with house.database.read() as tx:
        push = pushes.any_of(tx, push_id)
    taking.discard(house, push, by=actor.by, reason=why, now=now)
