"""Pausing and resuming the announcements to a partner.

    open --pause, with a reason--> paused --resume--> open

Nothing is lost: what waits stays pending and is shown. Withdrawals and bad news leave all the while
(P3, P9): only the routine lane can be paused.
"""

from dataclasses import dataclass
from datetime import datetime

from gateway.acts import permission, reasons
from gateway.identity.actor import Actor
from gateway.identity.roles import Right
from gateway.views import replays
from outbox import lane, pending, turned_down
from outbox.house import House
from outbox.pending import TURNED_DOWN
from partners import agreements


@dataclass(frozen=True, slots=True)
class Resumed:
    """`retold` notices that the partner had turned down go again; `left` were too many for one
    person, or of several causes, and stay until a replay.
    """

    retold: int
    left: int


def pause(house: House, actor: Actor, partner: str, *, reason: str, now: datetime) -> None:
    """Hold announcements to a partner back. Again puts the new reason in the place of the old one.

    Raises `BadRequest`: MRX-7017, MRX-7023 (no reason), MRX-5001.
    """
    permission.demand(house, actor, Right.RUN, act="pause", now=now, partner=partner)
    why = reasons.given(reason)
    with house.database.write() as tx:
        agreements.get(tx, partner)
        lane.pause(tx, partner, by=actor.by, reason=why, now=now)


def resume(house: House, actor: Actor, partner: str, *, reason: str = "", now: datetime) -> Resumed:
    """Let announcements to a partner leave again; a reason may be given.

    Resuming says that the cause is repaired: what the partner turned down before is told again,
    too, as long as one person may have it told again. The rule is that of a replay
    (`views.replays.for_two`): up to 1,000 notices, all of one cause. More, or of several causes,
    stay as they are for a replay.

    Raises `BadRequest`: MRX-7017, MRX-7023 (a reason of more than a line), MRX-5001.
    """
    permission.demand(house, actor, Right.RUN, act="resume", now=now, partner=partner)
    why = reasons.given(reason) if reason.strip() else ""
    with house.bell.after(), house.database.write() as tx:
        agreements.get(tx, partner)
        most = replays.ALONE_MAX + 1
        causes = {code: turned_down.count(tx, partner, code, at_most=most) for code in TURNED_DOWN}
        retold, left = 0, sum(causes.values())
        if not replays.wide(causes):
            retold, left = pending.retell(tx, partner), 0
        lane.resume(tx, partner, by=actor.by, reason=why, now=now)
        return Resumed(retold, left)
