"""Roles, and the rights each of them has. The one place where that is said.

Nobody has a right by being something else: an administrator keeps users, and is no operator by
that. Who has several roles has the rights of all of them. Approving is a right of its own, and
nobody approves an act of their own whatever roles they have (`gateway.acts.approvals`).
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final


class Right(StrEnum):
    """One thing that a person may do, or see."""

    SEE = "see"  # counts, states, batches, codes: nothing of any one company
    SEE_COMPANIES = "see companies"  # names, identifiers, accounts, disclosures
    STATE = "state"  # issue a statement of who was told
    EXPORT = "export"  # payloads and evidence files
    RUN = "run"  # pause, resume, retry, replay, test a connection, reconcile
    REVOKE = "revoke"  # take a consent back in a company's name
    SECURE = "secure"  # stage, activate, retire, withdraw keys and certificates
    ENGINEER = "engineer"  # a partner's agreement, address and onboarding list
    APPROVE = "approve"  # be the second person; decide on what is quarantined
    AUDIT = "audit"  # the ledger in full
    ADMINISTER = "administer"  # users and roles


class Role(StrEnum):
    """What a person is here."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    DISCLOSURE_OFFICER = "disclosure-officer"
    SECURITY_OFFICER = "security-officer"
    PARTNER_ENGINEER = "partner-engineer"
    APPROVER = "approver"
    AUDITOR = "auditor"
    ADMIN = "admin"


RIGHTS: Final[Mapping[Role, frozenset[Right]]] = {
    Role.VIEWER: frozenset({Right.SEE}),
    Role.OPERATOR: frozenset({Right.SEE, Right.RUN, Right.EXPORT}),
    Role.DISCLOSURE_OFFICER: frozenset(
        {Right.SEE, Right.SEE_COMPANIES, Right.STATE, Right.EXPORT, Right.REVOKE}
    ),
    Role.SECURITY_OFFICER: frozenset({Right.SEE, Right.SECURE}),
    Role.PARTNER_ENGINEER: frozenset({Right.SEE, Right.ENGINEER}),
    Role.APPROVER: frozenset({Right.SEE, Right.APPROVE}),
    Role.AUDITOR: frozenset({Right.SEE, Right.SEE_COMPANIES, Right.EXPORT, Right.AUDIT}),
    Role.ADMIN: frozenset({Right.SEE, Right.ADMINISTER}),
}


def rights(roles: Iterable[Role]) -> frozenset[Right]:
    """What somebody with these roles may do."""
    return frozenset().union(*(RIGHTS[role] for role in roles))


def roles_with(right: Right) -> list[Role]:
    """The roles that have a right: whom to ask."""
    return [role for role in Role if right in RIGHTS[role]]
