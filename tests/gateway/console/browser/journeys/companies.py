"""What touches a company: who was told about it, its consent taken back, how long it was exposed."""

from datetime import UTC, datetime
from typing import Final

from gateway.acts import lanes
from gateway.identity.roles import Role
from outbox import revocations
from tests.gateway.console.browser.ground import KOREA, Facts, Ground
from tests.gateway.console.browser.journey import (
    WHY,
    Choose,
    Download,
    Follow,
    Journey,
    Press,
    See,
    Write,
)

A_SIGNED_FILE = b"\x30"  # DER


def _a_company_that_was_told(ground: Ground) -> Facts:
    lanes.resume(ground.house, ground.actor(Role.OPERATOR), KOREA, now=datetime.now(UTC))
    account = ground.tell(of=KOREA)
    ground.world.deliver(only=KOREA)
    return {"account": account, "company": f"Invented Company {account}"}


def _taken_back(ground: Ground, facts: Facts) -> bool:
    with ground.house.database.read() as tx:
        return [one.partner for one in revocations.of(tx, facts["account"])] == [KOREA]


_LOOK: Final = (
    Follow("Who was told?"),
    Write("Account, name or identifier", "{company}"),
    Choose("This is its", "beginning of its name"),
    Choose("Why do you look?", "audit"),
    Write("More about why", WHY),
    Press("Look up"),
    See("Who was told about {company}?"),
)

JOURNEYS: Final = (
    Journey(
        name="look up who was told",
        does=("/told",),
        role=Role.AUDITOR,
        given=_a_company_that_was_told,
        steps=(*_LOOK, See("held")),
        kept={"looked up": Role.AUDITOR},
    ),
    Journey(
        name="sign a statement",
        does=("/told", "/told/statement"),
        role=Role.DISCLOSURE_OFFICER,
        given=_a_company_that_was_told,
        steps=(*_LOOK, Download("Signed statement", begins=A_SIGNED_FILE)),
        kept={
            "looked up": Role.DISCLOSURE_OFFICER,
            "statement issued": Role.DISCLOSURE_OFFICER,
        },
    ),
    Journey(
        name="take a consent back",
        does=("/revocations/foresee", "/revocations"),
        role=Role.DISCLOSURE_OFFICER,
        given=_a_company_that_was_told,
        steps=(
            Follow("Revocations"),
            Follow("Take a consent back…"),
            Write("Account of the company", "{account}"),
            Press("Go on"),
            See("They may have heard."),
            Write("Reason", WHY),
            Press("Take back"),
            See("The consent is taken back"),
            See("withdrawal on its way"),
        ),
        kept={"revocation entered": Role.DISCLOSURE_OFFICER},
        holds=_taken_back,
    ),
    Journey(
        name="sign the exposure of a month",
        does=("/exposure/signed",),
        role=Role.OPERATOR,
        steps=(Follow("Exposure"), Download("Signed report", begins=A_SIGNED_FILE)),
        kept={"exposure signed": Role.OPERATOR},
    ),
)
