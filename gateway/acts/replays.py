"""Replays: telling again what a partner turned down, once the cause is repaired.

A replay is a row; `gateway.replaying` works it in the background, some hundred notices at a time.
Nothing is sent here: its notices become pending again, and leave by their lane as all others do,
at their newest values, with consent read where it matters (P1). So telling twice is harmless, and
a newer state is never overtaken by an older one.
"""

import secrets
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, insert, select, update

from gateway.acts import approvals, permission, reasons
from gateway.acts.approvals import Approval
from gateway.identity.actor import Actor
from gateway.identity.roles import Right
from gateway.views import replays as view
from gateway.views.replays import Replay, State
from outbox import lane, ledger, turned_down
from outbox.house import House
from schemas.batch import Lane
from schemas.errors import BadRequest
from schemas.tables import lanes, replays

ACT: Final = "replay"
_ALL: Final = (1 << 62) - 1


def start(
    house: House,
    actor: Actor,
    partner: str,
    code: str | None,
    *,
    reason: str,
    now: datetime,
    paused: bool = False,
) -> Replay:
    """Tell a partner again what it turned down for one cause, or for all that can be replayed.

    The replay runs, or waits for a second person. With `paused`, announcements to the partner are
    paused first, so that what is told again can be looked at before it leaves.

    Raises `BadRequest`: MRX-7017, MRX-7023 (no reason), MRX-5001, MRX-5018, MRX-5066 (nothing that
    telling again repairs), MRX-7022 (one waits for a second person), MRX-7015 (one runs).
    """
    permission.demand(house, actor, Right.RUN, act=ACT, now=now, partner=partner)
    why = reasons.given(reason)
    with house.database.write() as tx:
        view.refuse_unknown(tx, partner, code)
        _refuse_second(tx, partner)
        matched = turned_down.count(tx, partner, code, at_most=_ALL)
        if not matched:
            raise BadRequest("MRX-5066")
        if paused:
            _pause(tx, actor, partner, why, now)
        waits = view.for_two(code, matched)
        state = State.WAITING if waits else State.RUNNING
        replay_id = secrets.token_hex(6)
        tx.execute(
            insert(replays).values(
                id=replay_id,
                partner=partner,
                code=code,
                reason=why,
                asked_by=actor.by,
                asked_at=now,
                state=state.value,
                matched=matched,
                retold=0,
                skipped={},
            )
        )
        if waits:
            approvals.ask(tx, actor, ACT, partner=partner, subject=replay_id, reason=why, now=now)
        told = {"by": actor.by, "reason": why, "code": code, "matched": matched, "waits": waits}
        ledger.add(tx, "replay asked", {"replay": replay_id, **told}, now=now, partner=partner)
        return view.get(tx, replay_id)


def cancel(house: House, actor: Actor, replay_id: str, *, reason: str, now: datetime) -> Replay:
    """Stop a replay: what is pending again stays so, the rest stays as it is. If it waits for a
    second person, it waits no longer.

    Raises `BadRequest`: MRX-7017, MRX-7023, MRX-5065, MRX-7015 (it is over).
    """
    permission.demand(house, actor, Right.RUN, act="cancel a replay", now=now)
    why = reasons.given(reason)
    with house.database.write() as tx:
        found = view.get(tx, replay_id)
        if not found.open:
            raise BadRequest("MRX-7015", state=found.state.value)
        end(tx, found, State.CANCELLED, by=actor.by, reason=why, now=now)
        subject = {"partner": found.partner, "subject": replay_id}
        approvals.drop(tx, ACT, **subject, by=actor.by, reason=why, now=now)
        return view.get(tx, replay_id)


def end(
    tx: Connection, replay: Replay, state: State, *, by: str, reason: str | None, now: datetime
) -> None:
    """Write that a replay is over, with what came of it."""
    tx.execute(
        update(replays)
        .where(replays.c.id == replay.id)
        .values(state=state.value, ended_at=now, ended_by=by)
    )
    counts = {"retold": replay.retold, "skipped": dict(replay.skipped)}
    told = {"replay": replay.id, "by": by, "reason": reason, **counts}
    ledger.add(tx, f"replay {state.value}", told, now=now, partner=replay.partner)


def _begin(tx: Connection, _house: House, approval: Approval, by: str, now: datetime) -> None:
    """A second person said yes. Raises `BadRequest` MRX-7015 if it waits no longer: what did not
    begin must not stand as approved.
    """
    waits = (replays.c.id == approval.subject) & (replays.c.state == State.WAITING.value)
    begun = tx.execute(update(replays).where(waits).values(state=State.RUNNING.value))
    if not begun.rowcount:
        raise BadRequest("MRX-7015")
    told = {"replay": approval.subject, "by": by, "asked_by": approval.asked_by}
    ledger.add(tx, "replay begun", told, now=now, partner=approval.partner)


approvals.register(ACT, within=_begin, look="/replays/{subject}")


def _refuse_second(tx: Connection, partner: str) -> None:
    """One replay at a time for each partner: two would count the same notices."""
    query = select(replays.c.state).where(
        replays.c.partner == partner,
        replays.c.state.in_([State.WAITING.value, State.RUNNING.value]),
    )
    states = set(tx.scalars(query))
    if State.WAITING.value in states:
        raise BadRequest("MRX-7022")
    if states:
        raise BadRequest("MRX-7015", state=State.RUNNING.value)


def _pause(tx: Connection, actor: Actor, partner: str, why: str, now: datetime) -> None:
    routine = (lanes.c.partner == partner) & (lanes.c.kind == Lane.ROUTINE.value)
    if not tx.scalar(select(lanes.c.paused).where(routine)):
        lane.pause(tx, partner, by=actor.by, reason=why, now=now)
