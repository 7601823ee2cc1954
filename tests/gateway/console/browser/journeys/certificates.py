"""Keys and certificates: ours staged, activated, taken back; theirs approved, rejected, withdrawn."""

from datetime import UTC, datetime
from typing import Final

from gateway import own_keys, staging
from gateway.acts import keys as acts
from gateway.identity.roles import Role
from partners import certificates
from schemas.errors import BadRequest
from signing import keys
from signing.seal import seal
from tests.gateway.console.browser.ground import MEXICO, Facts, Ground
from tests.gateway.console.browser.journey import (
    WHY,
    Follow,
    Journey,
    Press,
    See,
    Sit,
    Tick,
    Write,
)

SECURITY = Role.SECURITY_OFFICER


def _no_next_key(ground: Ground) -> Facts:
    try:
        who, now = ground.actor(SECURITY), datetime.now(UTC)
        acts.retire(ground.house, who, reason="for another one", now=now)
    except BadRequest:
        pass  # there was none
    return {}


def _a_next_key(ground: Ground) -> Facts:
    now = datetime.now(UTC)
    staged, _ = acts.stage(ground.house, ground.actor(SECURITY), now=now)
    return {"key": staged.fingerprint}


def _a_certificate_is_asked_for(ground: Ground) -> Facts:
    now = datetime.now(UTC)
    path = ground.house.folder.parent / "keys" / f"wanted-{ground.number()}.key"
    wanted = keys.create(path, "mrx wanted", now, kind="p256")
    request = seal(wanted.certificate.der, ground.world.partners[MEXICO].key, now)
    fingerprint, _ = staging.stage(ground.house, request, now=now)
    return {"certificate": fingerprint, "short": fingerprint[:16], "typed": fingerprint[:8]}


def _a_certificate_is_pinned(ground: Ground) -> Facts:
    facts, now = _a_certificate_is_asked_for(ground), datetime.now(UTC)
    for who in (SECURITY, Role.APPROVER):
        acts.approve_theirs(ground.house, ground.actor(who), facts["certificate"], now=now)
    return facts


def _states(ground: Ground) -> dict[str, str]:
    with ground.house.database.read() as tx:
        return {one.certificate.fingerprint: one.state for one in own_keys.every(tx)}


def _pinned(ground: Ground, facts: Facts) -> bool:
    with ground.house.database.read() as tx:
        theirs = certificates.pinned(tx, MEXICO)
    return facts["certificate"] in {one.fingerprint for one in theirs}


JOURNEYS: Final = (
    Journey(
        name="stage the next key",
        does=("/certificates/stage",),
        role=SECURITY,
        given=_no_next_key,
        steps=(
            Follow("Certificates"),
            Follow("Stage the next key…"),
            Press("Stage the next key"),
            See("The next key is staged."),
        ),
        kept={"key staged": SECURITY},
        holds=lambda ground, _facts: "next" in _states(ground).values(),
    ),
    Journey(
        name="take the next key back",
        does=("/certificates/retire",),
        role=SECURITY,
        given=_a_next_key,
        steps=(
            Follow("Certificates"),
            Follow("Take the next key back…"),
            Write("Reason", WHY),
            Press("Take it back"),
            See("The next key is taken back."),
        ),
        kept={"key retired": SECURITY},
        holds=lambda ground, facts: _states(ground)[facts["key"]] == "retired",
    ),
    Journey(
        name="activate the next key",
        does=("/certificates/activate", "/approvals/{approval}/approve"),
        role=SECURITY,
        given=_a_next_key,
        steps=(
            Follow("Certificates"),
            Follow("Activate the next key…"),
            Tick("Activate it although not all have fetched it"),
            Write("Reason", WHY),
            Press("Ask to activate it"),
            See("It waits for a second person."),
            Sit(Role.APPROVER),
            Follow("Certificates"),
            Follow("Look and decide"),
            Follow("Approve…"),
            Write("Reason", WHY),
            Press("Approve"),
            See("Approved, and done."),
        ),
        kept={"approval asked": SECURITY, "key activated": Role.APPROVER},
        holds=lambda ground, facts: _states(ground)[facts["key"]] == "current",
    ),
    Journey(
        name="approve a partner's certificate",
        does=("/certificates/{fingerprint}/approve",),
        role=SECURITY,
        given=_a_certificate_is_asked_for,
        steps=(
            Follow("Certificates"),
            Follow("{short}"),
            Press("I compared it: approve"),
            See("Your yes is kept."),
            Sit(Role.APPROVER),
            Follow("Certificates"),
            Follow("{short}"),
            Press("I compared it: approve"),
            See("The certificate is pinned."),
        ),
        kept={"certificate approved": Role.APPROVER},
        holds=_pinned,
    ),
    Journey(
        name="reject a partner's certificate",
        does=("/certificates/{fingerprint}/reject",),
        role=Role.APPROVER,
        given=_a_certificate_is_asked_for,
        steps=(
            Follow("Certificates"),
            Follow("{short}"),
            Write("Reason", WHY),
            Press("Reject"),
            See("The certificate is rejected."),
        ),
        kept={"certificate rejected": Role.APPROVER},
        holds=lambda ground, facts: not _pinned(ground, facts),
    ),
    Journey(
        name="withdraw a partner's certificate",
        does=("/certificates/{fingerprint}/withdraw",),
        role=SECURITY,
        given=_a_certificate_is_pinned,
        steps=(
            Follow("Certificates"),
            Follow("{short}"),
            Follow("Withdraw it…"),
            Write("Type the first 8 characters of its SHA-256", "{typed}"),
            Write("Reason", WHY),
            Press("Withdraw it"),
            See("The certificate is withdrawn."),
        ),
        kept={"certificate withdrawn": SECURITY},
        holds=lambda ground, facts: not _pinned(ground, facts),
    ),
)
