"""A revocation as it is shown: what it meant at the partner, and where it stands now."""

from gateway.cli.answer import Facts
from outbox.revocations import Revocation


def followed(revocation: Revocation) -> Facts:
    """The partner's part of a revocation. `at` is when the answer came to be what it is."""
    return {
        "partner": revocation.partner,
        "answer": revocation.answer.value,
        "at": revocation.confirmed_at or revocation.at,
        "due_at": revocation.due_at,
        "confirmed_at": revocation.confirmed_at,
        "refs": [
            {"ref": ref, "fate": fate, "law": law, "retained_until": until}
            for ref, fate, law, until in revocation.lives
        ],
    }
