"""What arrives and waits for a person: a full list of ours, a batch of a partner."""

from datetime import UTC, datetime, timedelta
from typing import Final

import httpx2
import orjson

from gateway import inbound_batches, pushes
from gateway.identity.roles import Role
from gateway.inbound_batches import State
from gateway.taking import going
from tests.gateway.console.browser.ground import MEXICO, SECOND, Facts, Ground
from tests.gateway.console.browser.journey import (
    WHY,
    Follow,
    Journey,
    Press,
    See,
    Sit,
    Write,
)
from tests.world import member

_TOO_MANY = 60


def _a_full_list_waits(ground: Ground) -> Facts:
    """It leaves out members who came just before."""
    now = ground.now()
    late = [member(str(40000000 + ground.number())) for _ in range(_TOO_MANY)]
    ground.world.push(*late, as_of=now - timedelta(seconds=10))
    answer = httpx2.post(
        f"{ground.url}/v1/source/members",
        params={"mode": "snapshot", "as_of": now.strftime("%Y-%m-%dT%H:%M:%SZ")},
        content=b"\n".join(map(orjson.dumps, ground.lines)),
        headers={"Authorization": f"Bearer {ground.token}", "Content-Type": "application/x-ndjson"},
    )
    assert answer.status_code == 409, answer.text
    with ground.house.database.read() as tx:
        [push] = pushes.every(tx, state=pushes.State.WAITING, at_most=1)
    return {"push": push.id, "gone": str(going(push))}


def _push(ground: Ground, facts: Facts) -> pushes.State:
    with ground.house.database.read() as tx:
        return pushes.any_of(tx, facts["push"]).state


def _a_batch_waits(ground: Ground) -> Facts:
    """It would withdraw a great part of the roll."""
    now = datetime.now(UTC).replace(microsecond=0)
    some = [one.ref for one in ground.theirs[-100:]]
    ground.sender.send(ground.sender.next(withdrawals=some, at=now), now=now)
    with ground.house.database.read() as tx:
        [one] = inbound_batches.every(tx, state=State.QUARANTINED, at_most=10)
    return {"batch": one.id, "gone": str(len(some))}


def _let_in(ground: Ground, facts: Facts) -> bool:
    done = _batch(ground, facts) is State.APPLIED
    if done:
        del ground.theirs[-100:]
    return done


def _batch(ground: Ground, facts: Facts) -> State:
    with ground.house.database.read() as tx:
        return inbound_batches.get(tx, facts["batch"]).state


JOURNEYS: Final = (
    Journey(
        name="release a push",
        does=("/pushes/{push}/release",),
        role=Role.APPROVER,
        given=_a_full_list_waits,
        steps=(
            Follow("Pushes"),
            Follow(within="#push-{push}"),
            Follow("Release…"),
            Write("Type the number of members that would go", "{gone}"),
            Write("Reason", WHY),
            Press("Release"),
            See("The push is released."),
        ),
        kept={"push released": Role.APPROVER},
        holds=lambda ground, facts: _push(ground, facts) is pushes.State.DONE,
    ),
    Journey(
        name="refuse a push",
        does=("/pushes/{push}/refuse",),
        role=Role.APPROVER,
        given=_a_full_list_waits,
        steps=(
            Follow("Pushes"),
            Follow(within="#push-{push}"),
            Follow("Refuse…"),
            Write("Reason", WHY),
            Press("Refuse"),
            See("The push is refused. Nothing of it was taken."),
        ),
        kept={"push discarded": Role.APPROVER},
        holds=lambda ground, facts: _push(ground, facts) is pushes.State.DISCARDED,
    ),
    Journey(
        name="turn a partner's batch down",
        does=("/inbound/{partner}/{batch}/refuse",),
        role=Role.APPROVER,
        given=_a_batch_waits,
        steps=(
            Follow("Inbound"),
            Follow(within="tbody tr"),
            Follow("Turn it down…"),
            Write("Reason", WHY),
            Press("Turn it down"),
            See("The batch is turned down."),
        ),
        kept={"quarantine decided": Role.APPROVER},
        holds=lambda ground, facts: _batch(ground, facts) is State.REJECTED,
    ),
    Journey(
        name="let a partner's batch in",
        does=("/inbound/{partner}/{batch}/release", "/approvals/{approval}/approve"),
        role=Role.APPROVER,
        given=_a_batch_waits,
        steps=(
            Follow("Inbound"),
            Follow(MEXICO),
            Follow(within="tbody tr"),
            Follow("Let it in…"),
            Write("Type the number of members that would go", "{gone}"),
            Write("Reason", WHY),
            Press("Let it in"),
            See("It waits for a second person."),
            Sit(SECOND),
            Follow("Approvals"),
            Follow("let a batch in"),
            Follow("Approve…"),
            Write("Reason", WHY),
            Press("Approve"),
            See("Approved, and done."),
        ),
        kept={
            "approval asked": Role.APPROVER,
            "approval approved": SECOND,
            "quarantine decided": SECOND,
        },
        holds=_let_in,
    ),
)
