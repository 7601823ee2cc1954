"""Onboarding: a step ticked, opened again; going live, by two persons."""

from datetime import UTC, datetime
from typing import Final

from gateway.acts import conformance
from gateway.acts import onboarding as acts
from gateway.identity.roles import Role
from gateway.views import onboarding as view
from gateway.views.onboarding import BY_HAND
from partners import agreements
from tests.gateway.console.browser.ground import TAIWAN, Facts, Ground
from tests.gateway.console.browser.journey import (
    WHY,
    Download,
    Follow,
    Journey,
    Press,
    See,
    Sit,
    Write,
)

ENGINEER = Role.PARTNER_ENGINEER
CONTACTS = "Who is called over there, and who calls here, is written down"


def _open(ground: Ground) -> Facts:
    who, now = ground.actor(ENGINEER), datetime.now(UTC)
    acts.reopen(ground.house, who, TAIWAN, "contacts", reason="they moved", now=now)
    return {}


def _ticked(ground: Ground) -> Facts:
    who, now = ground.actor(ENGINEER), datetime.now(UTC)
    acts.tick(ground.house, who, TAIWAN, "contacts", evidence="a letter", now=now)
    return {}


def _all_is_done(ground: Ground) -> Facts:
    """Nothing is open, and the exchange has not begun."""
    with ground.house.database.write() as tx:
        agreements.change(tx, TAIWAN, enabled=False)
    who, now = ground.actor(ENGINEER), datetime.now(UTC)
    for step in BY_HAND:
        acts.tick(ground.house, who, TAIWAN, step, evidence="a letter", now=now)
    conformance.run(ground.house, who, TAIWAN, clock=lambda: datetime.now(UTC))
    return {}


def _done(ground: Ground) -> bool:
    with ground.house.database.read() as tx:
        tasks = view.tasks(tx, ground.house, TAIWAN, now=datetime.now(UTC)).tasks
    return next(one.done for one in tasks if one.step.name == "contacts")


def _held_by_run(ground: Ground, _facts: Facts) -> bool:
    with ground.house.database.read() as tx:
        report = conformance.last(tx, TAIWAN)
    return report is not None and report.well and report.by == "partner-engineer.invented"


def _live(ground: Ground, _facts: Facts) -> bool:
    with ground.house.database.read() as tx:
        return agreements.get(tx, TAIWAN).agreement.enabled


JOURNEYS: Final = (
    Journey(
        name="tick a step",
        does=("/onboarding/{partner}/{step}/tick",),
        role=ENGINEER,
        given=_open,
        steps=(
            Follow("Onboarding"),
            Follow(TAIWAN),
            Follow(f"Tick… {CONTACTS}"),
            Write("Evidence", WHY),
            Press("It is done"),
            See("The step is done."),
            See(WHY),
        ),
        kept={"onboarding step done": ENGINEER},
        holds=lambda ground, _facts: _done(ground),
    ),
    Journey(
        name="open a step again",
        does=("/onboarding/{partner}/{step}/reopen",),
        role=ENGINEER,
        given=_ticked,
        steps=(
            Follow("Onboarding"),
            Follow(TAIWAN),
            Follow(f"Open again… {CONTACTS}"),
            Write("Reason", WHY),
            Press("Open it again"),
            See("The step is open again."),
        ),
        kept={"onboarding step reopened": ENGINEER},
        holds=lambda ground, _facts: not _done(ground),
    ),
    Journey(
        name="run conformance",
        does=("/onboarding/{partner}/conformance",),
        role=ENGINEER,
        steps=(
            Follow("Onboarding"),
            Follow(TAIWAN),
            Press("Run conformance"),
            See("everything that was run holds"),
            Download("The report as a file", begins=b"Conformance of", link=True),
        ),
        kept={"conformance run": ENGINEER},
        holds=_held_by_run,
    ),
    Journey(
        name="go live",
        does=("/onboarding/{partner}/go-live", "/approvals/{approval}/approve"),
        role=ENGINEER,
        given=_all_is_done,
        steps=(
            Follow("Onboarding"),
            Follow(TAIWAN),
            Follow("Go live…"),
            Write("Reason", WHY),
            Press("Ask to go live"),
            See("It waits for a second person."),
            Sit(Role.APPROVER),
            Follow("Onboarding"),
            Follow(TAIWAN),
            Follow("Look and decide"),
            Follow("Approve…"),
            Write("Reason", WHY),
            Press("Approve"),
            See("Approved, and done."),
        ),
        kept={"approval asked": ENGINEER, "went live": Role.APPROVER},
        holds=_live,
    ),
)
