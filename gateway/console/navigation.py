"""The pages that stand on top of every page, for those who may see them."""

from dataclasses import dataclass
from typing import Final

from gateway.identity.actor import Actor
from gateway.identity.roles import Right


@dataclass(frozen=True, slots=True)
class Entry:
    """`path` is below the console's root."""

    path: str
    name: str
    right: Right = Right.SEE


ENTRIES: Final = (
    Entry("/", "Overview"),
    Entry("/partners", "Partners"),
    Entry("/batches", "Batches"),
    Entry("/failures", "Failures"),
    Entry("/users", "Users", Right.ADMINISTER),
    Entry("/told", "Who was told?", Right.SEE_COMPANIES),
    Entry("/revocations", "Revocations"),
    Entry("/exposure", "Exposure"),
    Entry("/pushes", "Pushes"),
    Entry("/inbound", "Inbound"),
    Entry("/certificates", "Certificates"),
    Entry("/approvals", "Approvals"),
    Entry("/onboarding", "Onboarding"),
    Entry("/ledger", "Ledger"),
    Entry("/retention", "Retention"),
    Entry("/system", "System"),
)


def of(actor: Actor) -> list[Entry]:
    """The entries for whoever looks."""
    return [entry for entry in ENTRIES if actor.may(entry.right)]
