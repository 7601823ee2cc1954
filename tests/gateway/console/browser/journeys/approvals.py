"""What waits for a second person: approved, refused."""

from datetime import UTC, datetime
from typing import Final

from gateway.acts import approvals as acts
from gateway.acts.approvals import State
from gateway.identity import approval_word
from gateway.identity.roles import Role
from tests.gateway.console.browser.ground import Facts, Ground, name_of
from tests.gateway.console.browser.journey import WHY, Follow, Journey, Note, Press, See, Write
from tests.gateway.console.browser.journeys.batches import a_replay


def _a_replay_waits(ground: Ground) -> Facts:
    facts = a_replay(ground, code=None)
    with ground.house.database.read() as tx:
        [asked] = acts.every(tx, state=State.WAITING, at_most=50)
    return facts | {"approval": asked.id}


def _state(ground: Ground, facts: Facts) -> State:
    with ground.house.database.read() as tx:
        return acts.get(tx, facts["approval"]).state


def _counts(ground: Ground, facts: Facts) -> bool:
    """What was shown is a word for this approval, which still waits."""
    found = approval_word.proved(
        ground.house,
        name_of(Role.APPROVER),
        facts["word"],
        facts["approval"],
        now=datetime.now(UTC),
    )
    return found is not None and _state(ground, facts) is State.WAITING


JOURNEYS: Final = (
    Journey(
        name="approve an act",
        does=("/approvals/{approval}/approve",),
        role=Role.APPROVER,
        given=_a_replay_waits,
        steps=(
            Follow("Approvals"),
            Follow(within="#approval-{approval}"),
            Follow("Approve…"),
            Write("Reason", WHY),
            Press("Approve"),
            See("Approved, and done."),
            See(WHY),
        ),
        kept={"approval approved": Role.APPROVER, "replay begun": Role.APPROVER},
        holds=lambda ground, facts: _state(ground, facts) is State.APPROVED,
    ),
    Journey(
        name="take a word for the shell",
        does=("/approvals/{approval}/word",),
        role=Role.APPROVER,
        given=_a_replay_waits,
        steps=(
            Follow("Approvals"),
            Follow(within="#approval-{approval}"),
            Press("Show me a word"),
            See("It is shown this once."),
            Note("word", "main code.once"),
            Follow("Go on"),
            See("Show me a word"),
        ),
        kept={"approval word given": Role.APPROVER},
        holds=_counts,
    ),
    Journey(
        name="refuse an act",
        does=("/approvals/{approval}/refuse",),
        role=Role.APPROVER,
        given=_a_replay_waits,
        steps=(
            Follow("Approvals"),
            Follow(within="#approval-{approval}"),
            Follow("Refuse…"),
            Write("Reason", WHY),
            Press("Refuse"),
            See("Refused. It waits no longer."),
        ),
        kept={"approval refused": Role.APPROVER},
        holds=lambda ground, facts: _state(ground, facts) is State.REFUSED,
    ),
)
