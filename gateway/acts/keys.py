"""Keys and certificates: ours staged, activated, retired; theirs approved, rejected, withdrawn.

ours     (none) --stage--> next --activate: two persons--> current --the next one--> retired
                             '--retire--> (taken back, before it signed anything)
theirs   staged --two persons--> pinned --withdraw: one person, at once--> believed no more
"""

from datetime import datetime
from typing import Final

from gateway import own_keys, staging
from gateway.acts import approvals, permission, reasons
from gateway.acts.approvals import Approval
from gateway.identity.actor import Actor
from gateway.identity.roles import Right
from gateway.own_keys import OwnKey, Protected
from gateway.views.keys import ACTIVATE
from outbox.house import House
from partners.staged_certificates import Staged, State
from schemas.errors import BadRequest
from signing.certificate import Certificate

TYPED_CHARS: Final = 8  # of a fingerprint, typed before it is believed no more


def stage(house: House, actor: Actor, *, now: datetime) -> tuple[Certificate, bool]:
    """Make the next key, and say whether it is new; again changes nothing."""
    permission.demand(house, actor, Right.SECURE, act="stage a key", now=now)
    return own_keys.stage(house, house.folder, by=actor.by, now=now)


def activate(
    house: House, actor: Actor, *, although_unseen: bool = False, reason: str, now: datetime
) -> Approval:
    """Ask that the next key signs from now on; a second person's yes makes it so.

    Raises `BadRequest`: MRX-5023 (no next key), MRX-5030 (a connected partner never fetched it, and
    may refuse us, unless `although_unseen`), MRX-7022 (it waits already).
    """
    permission.demand(house, actor, Right.SECURE, act=ACTIVATE, now=now)
    why = reasons.given(reason)
    with house.database.write() as tx:
        following = following_of(own_keys.every(tx))
        unaware = own_keys.unaware(tx, following)
        if unaware and not although_unseen:
            raise BadRequest("MRX-5030", partners=" ".join(unaware))
        subject = following.certificate.fingerprint
        return approvals.ask(tx, actor, ACTIVATE, subject=subject, reason=why, now=now)


def following_of(ours: list[OwnKey]) -> OwnKey:
    """The next key among ours, or `BadRequest` MRX-5023."""
    for one in ours:
        if one.state == "next":
            return one
    raise BadRequest("MRX-5023")


def retire(house: House, actor: Actor, *, reason: str, now: datetime) -> Certificate:
    """Take the next key back before it signs anything; who waits to activate it waits no longer.

    Raises `BadRequest` MRX-5023 if there is none.
    """
    permission.demand(house, actor, Right.SECURE, act="retire a key", now=now)
    why = reasons.given(reason)
    certificate = own_keys.retire_next(house, house.folder, by=actor.by, reason=why, now=now)
    # We crash here: an approval still waits for a key that is gone, and its yes says MRX-5023.
    fingerprint = certificate.fingerprint
    with house.database.write() as tx:
        approvals.drop(tx, ACTIVATE, subject=fingerprint, by=actor.by, reason=why, now=now)
    return certificate


def protect(house: House, actor: Actor, *, now: datetime) -> list[Protected]:
    """Write our keys' files anew under the passphrase that is set; no key changes.

    Raises `NotReady` MRX-9010 (none is set), MRX-9004 (its file cannot be used).
    """
    permission.demand(house, actor, Right.SECURE, act="protect keys", now=now)
    return own_keys.protect(house, house.folder, by=actor.by, now=now)


def approve_theirs(
    house: House, actor: Actor, fingerprint: str, *, now: datetime, partner: str | None = None
) -> tuple[Staged, State]:
    """One person's yes to a partner's next certificate; the second person's pins it.

    An approver's word counts here, and a security officer's. Raises as `staging.approve` does.
    """
    _decides(house, actor, act="approve a certificate", partner=partner, now=now)
    return staging.approve(house, fingerprint, by=actor.by, now=now, partner=partner)


def reject_theirs(
    house: House,
    actor: Actor,
    fingerprint: str,
    *,
    reason: str,
    now: datetime,
    partner: str | None = None,
) -> Staged:
    """One person's no: it waits no longer. Raises `BadRequest` MRX-5015."""
    _decides(house, actor, act="reject a certificate", partner=partner, now=now)
    why = reasons.given(reason)
    return staging.reject(house, fingerprint, by=actor.by, reason=why, now=now, partner=partner)


def withdraw_theirs(
    house: House,
    actor: Actor,
    partner: str,
    fingerprint: str,
    *,
    typed: str,
    reason: str,
    now: datetime,
) -> None:
    """Take a pinned certificate off, at once; `typed` are the first 8 characters of it.

    Raises `BadRequest`: MRX-7024 (something else was typed), MRX-5031 (not pinned for them).
    """
    act = "withdraw a certificate"
    permission.demand(house, actor, Right.SECURE, act=act, partner=partner, now=now)
    why = reasons.given(reason)
    if typed.strip().lower() != fingerprint[:TYPED_CHARS]:
        raise BadRequest("MRX-7024")
    staging.withdraw(house, partner, fingerprint, by=actor.by, reason=why, now=now)


def _decides(house: House, actor: Actor, *, act: str, partner: str | None, now: datetime) -> None:
    if not actor.may(Right.APPROVE):
        permission.demand(house, actor, Right.SECURE, act=act, partner=partner, now=now)


def _activated(house: House, asked: Approval, by: str, now: datetime) -> None:
    """Carry out what two persons want. Killed on the way, it is finished by the next yes: the
    files say how far it came, and what the register lacks is put right at every opening.
    """
    signing = own_keys.load(house.folder, house.keeping).certificate
    if signing.fingerprint == asked.subject:
        with house.database.write() as tx:
            own_keys.settle(tx, signing, by=by, now=now)
        return
    with house.database.read() as tx:
        following = following_of(own_keys.every(tx))
    if following.certificate.fingerprint != asked.subject:
        raise BadRequest("MRX-5023")  # another one has been staged since
    own_keys.activate(house, house.folder, by=by, now=now)


approvals.register(ACTIVATE, between=_activated, look="/certificates")
