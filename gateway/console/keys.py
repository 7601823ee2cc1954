"""Keys and certificates: what expires, what overlaps, and what must be done?"""

from typing import Annotated, Final

from fastapi import APIRouter, Form, Path, Response

from gateway.acts import keys as acts
from gateway.console.fields import Reason
from gateway.console.page import Page, SignedIn
from gateway.identity.roles import Right
from gateway.views import keys as view
from gateway.views.keys import Inventory, Theirs
from partners.staged_certificates import State
from schemas.errors import BadRequest

router = APIRouter(prefix="/certificates")

TONES: Final = {
    "current": "good",
    "next": "wait",
    "retired": "plain",
    State.PINNED: "good",
    State.STAGED: "hold",
    State.APPROVED_ONCE: "hold",
}

Fingerprint = Annotated[str, Path(pattern="^[0-9a-f]{64}$")]


@router.get("")
def every(page: SignedIn) -> Response:
    page.demand(Right.SEE, what="the certificates")
    found = _inventory(page)
    return page.show("certificates.html", title="Keys and certificates", found=found, tones=TONES)


@router.get("/stage")
def ask_to_stage(page: SignedIn) -> Response:
    page.demand(Right.SECURE, what="the staging of a key")
    return page.show("certificate_stage.html", title="Stage the next key", found=_inventory(page))


@router.post("/stage")
def stage(page: SignedIn) -> Response:
    page.demand(Right.SECURE, what="the staging of a key")
    page.demand_proof()
    acts.stage(page.house, page.actor, now=page.now)
    return page.go("/certificates", said="key-staged")


@router.get("/activate")
def ask_to_activate(page: SignedIn) -> Response:
    page.demand(Right.SECURE, what="the activating of a key")
    page.demand_proof()
    found = _inventory(page)
    if found.following is None:
        raise BadRequest("MRX-5023")
    return page.show("certificate_activate.html", title="Activate the next key", found=found)


@router.post("/activate")
def activate(
    page: SignedIn,
    reason: Reason = "",
    although_unseen: Annotated[str, Form(pattern="^$|^yes$")] = "",
) -> Response:
    page.demand(Right.SECURE, what="the activating of a key")
    page.demand_proof()
    asked = acts.activate(
        page.house,
        page.actor,
        although_unseen=although_unseen == "yes",
        reason=reason,
        now=page.now,
    )
    return page.go(f"/approvals/{asked.id}", said="waits-for-second")


@router.get("/retire")
def ask_to_retire(page: SignedIn) -> Response:
    page.demand(Right.SECURE, what="the retiring of a key")
    found = _inventory(page)
    if found.following is None:
        raise BadRequest("MRX-5023")
    return page.show("certificate_retire.html", title="Take the next key back", found=found)


@router.post("/retire")
def retire(page: SignedIn, reason: Reason = "") -> Response:
    page.demand(Right.SECURE, what="the retiring of a key")
    page.demand_proof()
    acts.retire(page.house, page.actor, reason=reason, now=page.now)
    return page.go("/certificates", said="key-retired")


@router.get("/{fingerprint}")
def one(page: SignedIn, fingerprint: Fingerprint) -> Response:
    page.demand(Right.SEE, what="a certificate")
    found = _theirs(page, fingerprint)
    return page.show(
        "certificate.html",
        title=f"A certificate of {found.partner}",
        one=found,
        pairs=_pairs(fingerprint),
        tones=TONES,
        waits=found.state is not State.PINNED,
        own=found.approved_by == page.actor.by,
    )


@router.post("/{fingerprint}/approve")
def approve(page: SignedIn, fingerprint: Fingerprint) -> Response:
    if not page.may(Right.APPROVE):
        page.demand(Right.SECURE, what="the approving of a certificate")
    page.demand_proof()
    _, state = acts.approve_theirs(page.house, page.actor, fingerprint, now=page.now)
    said = "certificate-pinned" if state is State.PINNED else "certificate-approved-once"
    return page.go(f"/certificates/{fingerprint}", said=said)


@router.post("/{fingerprint}/reject")
def reject(page: SignedIn, fingerprint: Fingerprint, reason: Reason = "") -> Response:
    acts.reject_theirs(page.house, page.actor, fingerprint, reason=reason, now=page.now)
    return page.go("/certificates", said="certificate-rejected")


@router.get("/{fingerprint}/withdraw")
def ask_to_withdraw(page: SignedIn, fingerprint: Fingerprint) -> Response:
    page.demand(Right.SECURE, what="the withdrawing of a certificate")
    found = _inventory(page)
    one = _of(found, fingerprint)
    others = [
        other
        for other in found.theirs
        if other.partner == one.partner
        and other.state is State.PINNED
        and other.fingerprint != fingerprint
        and other.not_before <= page.now <= other.not_after
    ]
    return page.show(
        "certificate_withdraw.html",
        title=f"Withdraw a certificate of {one.partner}",
        one=one,
        others=others,
        typed_chars=acts.TYPED_CHARS,
    )


@router.post("/{fingerprint}/withdraw")
def withdraw(
    page: SignedIn,
    fingerprint: Fingerprint,
    typed: Annotated[str, Form(max_length=100)] = "",
    reason: Reason = "",
) -> Response:
    page.demand(Right.SECURE, what="the withdrawing of a certificate")
    page.demand_proof()
    partner = _theirs(page, fingerprint).partner
    acts.withdraw_theirs(
        page.house, page.actor, partner, fingerprint, typed=typed, reason=reason, now=page.now
    )
    return page.go("/certificates", said="certificate-withdrawn")


def _inventory(page: Page) -> Inventory:
    with page.house.database.read() as tx:
        return view.inventory(tx, page.house, now=page.now)


def _theirs(page: Page, fingerprint: str) -> Theirs:
    return _of(_inventory(page), fingerprint)


def _of(found: Inventory, fingerprint: str) -> Theirs:
    for one in found.theirs:
        if one.fingerprint == fingerprint:
            return one
    raise BadRequest("MRX-5015")


def _pairs(fingerprint: str) -> str:
    """As openssl writes it, to be read out to somebody."""
    return ":".join(fingerprint[n : n + 2] for n in range(0, len(fingerprint), 2)).upper()
