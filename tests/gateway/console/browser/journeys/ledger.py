"""The ledger: walked, and taken out."""

from typing import Final

from gateway.identity.roles import Role
from gateway.views import ledger as view
from tests.gateway.console.browser.ground import Facts, Ground
from tests.gateway.console.browser.journey import (
    Download,
    Follow,
    Journey,
    Press,
    See,
    Tick,
    Write,
)


def _whole(ground: Ground, _facts: Facts) -> bool:
    with ground.house.database.read() as tx:
        standing = view.standing(tx)
    return standing.broken_at is None and standing.verified_by == "auditor.invented"


JOURNEYS: Final = (
    Journey(
        name="verify the ledger",
        does=("/ledger/verify",),
        role=Role.AUDITOR,
        steps=(
            Follow("Ledger"),
            Tick("From the first entry"),
            Press("Verify"),
            See("What was walked is whole."),
        ),
        kept={view.VERIFIED: Role.AUDITOR},
        holds=_whole,
    ),
    Journey(
        name="take the ledger out",
        does=("/ledger/export",),
        role=Role.AUDITOR,
        steps=(
            Follow("Ledger"),
            Write("Last entry; none: the newest", "5"),
            Download("Export", begins=b"{"),
        ),
        kept={"ledger exported": Role.AUDITOR},
    ),
)
