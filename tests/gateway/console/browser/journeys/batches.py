"""A batch: tried now, its evidence taken, a name in it shown; what was refused, told again."""

from datetime import UTC, datetime
from typing import Final

from gateway.acts import lanes, replays
from gateway.identity.roles import Role
from gateway.views import replays as view
from gateway.views.replays import State
from outbox import batch as batches
from outbox import lane
from schemas.tables import lanes as lane_rows
from tests.gateway.console.browser.ground import KOREA, MEXICO, Facts, Ground
from tests.gateway.console.browser.journey import (
    WHY,
    Choose,
    Download,
    Follow,
    Journey,
    Pick,
    Press,
    See,
    Write,
)
from tests.world import NEVER_ARRIVED

REFUSED = "MRX-2210"
"""Our code for what a partner refused by itself."""


def a_settled_batch(ground: Ground) -> Facts:
    """Korea is told of one more member, and says so."""
    _announcing(ground)
    account = ground.tell(of=KOREA)
    ground.world.deliver(only=KOREA)
    return {"batch": _newest(ground), "company": f"Invented Company {account}"}


def _a_batch_without_an_answer(ground: Ground) -> Facts:
    _announcing(ground)
    ground.world.deliver(only=KOREA)  # what an earlier journey left
    ground.tell(of=KOREA)
    ground.world.wire.plan = [NEVER_ARRIVED]
    ground.world.deliver(rounds=1, only=KOREA)
    return {"batch": _newest(ground)}


def _announcing(ground: Ground) -> None:
    lanes.resume(ground.house, ground.actor(Role.OPERATOR), KOREA, now=datetime.now(UTC))
    ground.now()


def _newest(ground: Ground) -> str:
    with ground.house.database.read() as tx:
        return str(max(one.id for one in batches.every(tx)))


def _due(ground: Ground, _facts: Facts) -> bool:
    """Its lane looks at once."""
    now = datetime.now(UTC)
    with ground.house.database.read() as tx:
        here = lane_rows.c.partner == KOREA
        return all(row.look_at <= now for row in tx.execute(lane_rows.select().where(here)))


def _no_replay(ground: Ground) -> Facts:
    """None runs or waits: a partner has one at a time."""
    who = ground.actor(Role.OPERATOR)
    for one in _replays(ground):
        if one.open:
            replays.cancel(ground.house, who, one.id, reason="a test", now=datetime.now(UTC))
    with ground.house.database.write() as tx:  # the act would tell it again by itself
        lane.resume(tx, MEXICO, by="the journeys", reason="", now=datetime.now(UTC))
    return {}


def a_replay(ground: Ground, code: str | None = REFUSED) -> Facts:
    """One has begun; of every cause, it waits for a second person."""
    _no_replay(ground)
    begun = replays.start(
        ground.house,
        ground.actor(Role.OPERATOR),
        MEXICO,
        code,
        reason="they repaired it",
        now=datetime.now(UTC),
    )
    return {"replay": begun.id}


def _replays(ground: Ground) -> list[view.Replay]:
    with ground.house.database.read() as tx:
        return view.every(tx, partner=MEXICO, at_most=100)


def _runs_while_paused(ground: Ground, _facts: Facts) -> bool:
    with ground.house.database.read() as tx:
        routine = (lane_rows.c.partner == MEXICO) & (lane_rows.c.kind == "routine")
        paused = tx.execute(lane_rows.select().where(routine)).one().paused
    return bool(paused) and _replays(ground)[0].state is State.RUNNING


JOURNEYS: Final = (
    Journey(
        name="try a batch now",
        does=("/batches/{batch}/retry",),
        role=Role.OPERATOR,
        given=_a_batch_without_an_answer,
        steps=(
            Follow("Batches"),
            Follow(within="#batch-{batch}"),
            Press("Try now"),
            See("It is tried now: its lane looks at once."),
        ),
        kept={"retry asked": Role.OPERATOR},
        holds=_due,
    ),
    Journey(
        name="take the evidence of a batch",
        does=("/batches/{batch}/evidence",),
        role=Role.OPERATOR,
        given=a_settled_batch,
        steps=(
            Follow("Batches"),
            Follow(within="#batch-{batch}"),
            Download("Download evidence", begins=b"PK"),
        ),
        kept={"evidence taken": Role.OPERATOR},
    ),
    Journey(
        name="look at a name in a batch",
        does=("/batches/{batch}/name",),
        role=Role.AUDITOR,
        given=a_settled_batch,
        steps=(
            Follow("Batches"),
            Follow(within="#batch-{batch}"),
            Follow("all"),
            Choose("Why do you look?", "a repair"),
            Press("Show the name"),
            See("{company}"),
        ),
        kept={"name shown": Role.AUDITOR},
    ),
    Journey(
        name="turn the page of the refused notices",
        does=("/failures/{partner}/{code}",),
        role=Role.AUDITOR,
        steps=(
            Follow("Failures"),
            Follow("The notices"),
            See("10000100"),
            Press("Next page"),
            See("10000101"),
        ),
    ),
    Journey(
        name="tell again what was turned down",
        does=("/replays",),
        role=Role.OPERATOR,
        given=_no_replay,
        steps=(
            Follow("Failures"),
            Follow("Preview a replay"),
            See("will be pending again"),
            Write("Reason", WHY),
            Pick(f"Not yet: pause announcements to {MEXICO} first. Somebody resumes them"),
            Press("Replay"),
            See("The replay runs."),
            See(WHY),
        ),
        kept={"replay asked": Role.OPERATOR, "paused": Role.OPERATOR},
        holds=_runs_while_paused,
    ),
    Journey(
        name="cancel the rest of a replay",
        does=("/replays/{replay}/cancel",),
        role=Role.OPERATOR,
        given=a_replay,
        steps=(
            Follow("Failures"),
            Follow("Replays"),
            Follow(within="#replay-{replay}"),
            Follow("Cancel the rest"),
            Write("Reason", WHY),
            Press("Cancel the rest"),
            See("The rest is cancelled."),
        ),
        kept={"replay cancelled": Role.OPERATOR},
        holds=lambda ground, _facts: _replays(ground)[0].state is State.CANCELLED,
    ),
)
