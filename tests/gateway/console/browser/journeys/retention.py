"""Retention: what is over its term, erased by two persons."""

from typing import Final

from gateway.acts import approvals
from gateway.acts.retention import ACT
from gateway.identity.roles import Role
from tests.gateway.console.browser.ground import Facts, Ground
from tests.gateway.console.browser.journey import WHY, Follow, Journey, Press, See, Sit, Write

SECURITY = Role.SECURITY_OFFICER


def _none_waits(ground: Ground, _facts: Facts) -> bool:
    """It was refused: the ground is as it was, for whoever goes next."""
    with ground.house.database.read() as tx:
        return approvals.waiting(tx, ACT) is None


JOURNEYS: Final = (
    Journey(
        name="ask to erase what is over its term",
        does=("/retention/erase", "/approvals/{approval}/refuse"),
        role=SECURITY,
        steps=(
            Follow("Retention"),
            Follow("Erase it now"),
            Write("Reason", WHY),
            Press("Ask to erase it"),
            See("It waits for a second person."),
            Sit(Role.APPROVER),
            Follow("Retention"),
            Follow("One waits for a second person."),
            Follow("Refuse…"),
            Write("Reason", WHY),
            Press("Refuse"),
            See("Refused."),
        ),
        kept={"approval asked": SECURITY, "approval refused": Role.APPROVER},
        holds=_none_waits,
    ),
)
