"""Acts for two persons: one asks, another one decides.

    ask --> waiting --another person's no --> refused
               |
               '--another person's yes--> begun --the act is done--> approved
                                            |---the act fails, however--> waiting
                                            '---killed: nothing for `BEGUN_FOR`, and a yes--> begun

An act says here how it is carried out (`register`). One that only writes the database is done in
the very transaction of the yes: whatever it raises, nothing of it is left. One that moves files or
takes long is done between two: the yes is written first (`begun`: it can be refused no more), then
the act, then `approved`.

What such an act raises, foreseen or not, makes it wait again at once, and the ledger has the code
(`approval failed`; MRX-9999 of what nobody foresaw). Only where no word can be written any more,
because the process was killed or interrupted or the database is away, it stands as begun: for
`BEGUN_FOR` nobody can decide it, then whoever says yes again carries it out. So such an act must
find out by itself how far it had come, and fail before it has changed what it cannot take back.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any, Final

from sqlalchemy import Connection, insert, update

from gateway.acts import permission, reasons
from gateway.identity.actor import Actor
from gateway.identity.roles import Right
from gateway.views.approvals import ASKED, Approval, State, every, get, key, typed, waiting
from outbox import ledger
from outbox.house import House
from schemas.errors import BadRequest, MrxError
from schemas.tables import approvals

__all__ = (
    "BEGUN_FOR",
    "Approval",
    "State",
    "ask",
    "decide",
    "drop",
    "every",
    "get",
    "key",
    "look",
    "register",
    "typed",
    "waiting",
)

BEGUN_FOR: Final = timedelta(minutes=10)
"""So long an act that has begun is left to whoever began it: more than any of them takes, so that
its process has died by then, and little enough for another person to wait for.
"""

UNFORESEEN: Final = "MRX-9999"

# The modules whose acts register themselves; they are imported when one is first needed.
ACTS: Final = (
    "gateway.acts.golive",
    "gateway.acts.inbound",
    "gateway.acts.keys",
    "gateway.acts.replays",
    "gateway.acts.restoring",
    "gateway.acts.retention",
)

Within = Callable[[Connection, House, Approval, str, datetime], None]
Between = Callable[[House, Approval, str, datetime], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """How an act is carried out; `look` is the page of the console that shows what it is about."""

    within: Within | None
    between: Between | None
    look: str


_WAYS: dict[str, _Way] = {}


def register(
    act: str, *, within: Within | None = None, between: Between | None = None, look: str = ""
) -> None:
    """Say how an act is carried out, by one of two functions; both are given the approval, who
    decided and the moment. `within` writes in the transaction of the yes; `between` opens its own,
    and is safe to repeat. `look` is a page's path, in which `{partner}` and `{subject}` stand for
    the approval's.
    """
    assert (within is None) != (between is None), "an act is carried out in one way"
    _WAYS[act] = _Way(within=within, between=between, look=look)


def look(approval: Approval) -> str:
    """The page that shows what an approval is about; '' if there is none."""
    way = _way(approval.act)
    return way.look.format(partner=approval.partner, subject=approval.subject)


def ask(
    tx: Connection,
    actor: Actor,
    act: str,
    *,
    partner: str = "",
    subject: str = "",
    reason: str,
    now: datetime,
    given: Mapping[str, int] | None = None,
) -> Approval:
    """Let an act wait for a second person. The caller has judged the actor's right to it. `given`
    are numbers that this person typed: the ledger keeps them, and `typed` reads them for the act.

    Raises `BadRequest` MRX-7022 if it waits already.
    """
    _way(act)
    if waiting(tx, act, partner=partner, subject=subject) is not None:
        raise BadRequest("MRX-7022")
    approval_id = secrets.token_hex(6)
    tx.execute(
        insert(approvals).values(
            id=approval_id,
            act=act,
            partner=partner,
            subject=subject,
            reason=reason,
            asked_by=actor.by,
            asked_at=now,
            state=State.WAITING.value,
        )
    )
    asked = get(tx, approval_id)
    _tell(tx, ASKED, asked, {**(given or {}), "by": actor.by, "reason": reason}, now=now)
    return asked


def drop(
    tx: Connection,
    act: str,
    *,
    partner: str = "",
    subject: str = "",
    by: str,
    reason: str,
    now: datetime,
) -> None:
    """End the waiting for an act that has become void, as refused; nothing if it does not wait, or
    has begun: then its own end is written by whoever carries it out.
    """
    void = waiting(tx, act, partner=partner, subject=subject)
    if void is not None and not void.begun:
        _close(tx, void.id, State.REFUSED, by, reason, now=now)


def decide(
    house: House, actor: Actor, approval_id: str, *, approve: bool, reason: str, now: datetime
) -> Approval:
    """A second person's word: yes carries the act out, no ends the waiting.

    Raises `BadRequest`: MRX-7017 (no right to decide), MRX-5064 (no such approval), MRX-7014 (one's
    own), MRX-5022 (decided already), MRX-7015 (another one's yes is being carried out, or was and
    this is a no), MRX-7023 (no reason); and whatever the act raises, in which case it waits as
    before, at once.
    """
    act = "approve an act" if approve else "refuse an act"
    permission.demand(house, actor, Right.APPROVE, act=act, now=now)
    reason = reasons.given(reason)
    with house.database.read() as tx:
        asked = get(tx, approval_id)
    if asked.asked_by == actor.by:
        with house.database.write() as tx:
            told = {"act": act, "by": actor.by, "approval": asked.id, "because": "their own"}
            ledger.add(tx, "act refused", told, now=now, partner=asked.partner or None)
        raise BadRequest("MRX-7014")
    if not approve:
        return _refuse(house, actor, approval_id, reason=reason, now=now)
    way = _way(asked.act)
    if way.within is not None:
        return _at_once(house, actor, approval_id, way.within, reason=reason, now=now)
    assert way.between is not None
    return _in_steps(house, actor, approval_id, way.between, reason=reason, now=now)


def _refuse(
    house: House, actor: Actor, approval_id: str, *, reason: str, now: datetime
) -> Approval:
    with house.database.write() as tx:
        if _must_wait(tx, approval_id).begun:
            raise BadRequest("MRX-7015")
        return _close(tx, approval_id, State.REFUSED, actor.by, reason, now=now)


def _at_once(
    house: House, actor: Actor, approval_id: str, act: Within, *, reason: str, now: datetime
) -> Approval:
    with house.bell.after(), house.database.write() as tx:
        asked = _must_wait(tx, approval_id)
        act(tx, house, asked, actor.by, now)
        return _close(tx, approval_id, State.APPROVED, actor.by, reason, now=now)


def _in_steps(
    house: House, actor: Actor, approval_id: str, act: Between, *, reason: str, now: datetime
) -> Approval:
    here = approvals.c.id == approval_id
    with house.database.write() as tx:
        asked = _must_wait(tx, approval_id)
        if asked.begun and asked.decided_at is not None and now - asked.decided_at < BEGUN_FOR:
            raise BadRequest("MRX-7015")
        begun = {"decided_by": actor.by, "decided_at": now, "decision": reason}
        tx.execute(update(approvals).where(here).values(begun))
        _tell(tx, "approval begun", asked, {"by": actor.by, "reason": reason}, now=now)
    # We crash here, or in the act: it stands as begun, and a yes after `BEGUN_FOR` repeats the act.
    try:
        act(house, asked, actor.by, now)
    except Exception as error:
        _come_back(house, asked, actor.by, error, now=now)
        raise
    house.bell.ring()
    with house.database.write() as tx:
        now_is = get(tx, approval_id)
        if now_is.state is not State.WAITING:  # whoever took it over was faster
            return now_is
        return _close(tx, approval_id, State.APPROVED, actor.by, reason, now=now)


def _come_back(house: House, asked: Approval, by: str, error: Exception, *, now: datetime) -> None:
    """The act failed: it waits again, and whoever wants to decide it may."""
    code = error.code if isinstance(error, MrxError) else UNFORESEEN
    # Another one may have taken it over meanwhile, or ended it: that stands.
    ours = (approvals.c.decided_by == by) & (approvals.c.decided_at == now)
    begun = (approvals.c.id == asked.id) & ours & (approvals.c.state == State.WAITING.value)
    nobody = {"decided_by": None, "decided_at": None, "decision": None}
    with house.database.write() as tx:
        tx.execute(update(approvals).where(begun).values(nobody))
        _tell(tx, "approval failed", asked, {"by": by, "code": code}, now=now)


def _close(
    tx: Connection, approval_id: str, state: State, by: str, reason: str, *, now: datetime
) -> Approval:
    decided = {"state": state.value, "decided_by": by, "decided_at": now, "decision": reason}
    tx.execute(update(approvals).where(approvals.c.id == approval_id).values(decided))
    closed = get(tx, approval_id)
    told = {"by": by, "reason": reason, "asked_by": closed.asked_by}
    _tell(tx, f"approval {state.value}", closed, told, now=now)
    return closed


def _must_wait(tx: Connection, approval_id: str) -> Approval:
    found = get(tx, approval_id)
    if found.state is not State.WAITING:
        raise BadRequest("MRX-5022", state=found.state.value)
    return found


def _way(act: str) -> _Way:
    if act not in _WAYS:
        for module in ACTS:
            import_module(module)
    return _WAYS[act]


def _tell(
    tx: Connection, kind: str, about: Approval, told: dict[str, Any], *, now: datetime
) -> None:
    entry = {"approval": about.id, "act": about.act, "of": about.subject, **told}
    ledger.add(tx, kind, entry, now=now, partner=about.partner or None, subject=about.id)
