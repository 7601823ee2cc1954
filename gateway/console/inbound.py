"""Inbound: what do partners say of their members, and is it plausible?"""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Path, Query, Response

from gateway import inbound_batches
from gateway.acts import inbound as acts
from gateway.api import cursor
from gateway.console.page import Page, SignedIn
from gateway.identity.roles import Right
from gateway.inbound_batches import ID, State
from gateway.views import inbound as view
from gateway.views import roll_history
from gateway.views.inbound import Waiting
from partners import agreements
from partners.quarantine import Place
from schemas.errors import BadRequest

router = APIRouter(prefix="/inbound")

A_PAGE: Final = 50
TONES: Final = {State.APPLIED: "good", State.QUARANTINED: "hold", State.REJECTED: "plain"}
ROLLS: Final = {"fresh": "good", "stale": "warn", "never heard": "plain"}
PLACE: Final = ("partner", "kind", "epoch", "number", "issue")

Partner = Annotated[str, Path(pattern="^[a-z]{2}-[a-z]{1,20}$")]
BatchId = Annotated[str, Path(pattern=ID, max_length=100)]
Reason = Annotated[str, Form(max_length=2000)]


@router.get("")
def every(page: SignedIn) -> Response:
    page.demand(Right.SEE, what="the partners' rolls")
    with page.house.database.read() as tx:
        rolls = view.rolls(tx, page.house, now=page.now)
        waiting = inbound_batches.every(tx, state=State.QUARANTINED, at_most=A_PAGE)
    return page.show(
        "inbound.html",
        title="What partners say",
        rolls=rolls,
        waiting=waiting,
        most=A_PAGE,
        tones=TONES,
        fresh=ROLLS,
    )


@router.get("/{partner}")
def of_one(
    page: SignedIn, partner: Partner, after: Annotated[str | None, Query(max_length=200)] = None
) -> Response:
    page.demand(Right.SEE, what="a partner's roll")
    key: Any = cursor.read(after, str, str, str, int, int)
    before = None if key is None else Place(**dict(zip(PLACE, key, strict=True)))
    with page.house.database.read() as tx:
        agreements.get(tx, partner)
        [roll] = [one for one in view.rolls(tx, page.house, now=page.now) if one.partner == partner]
        waiting = inbound_batches.every(
            tx, state=State.QUARANTINED, partner=partner, at_most=A_PAGE
        )
        found = inbound_batches.latest(tx, partner, before=before, at_most=A_PAGE + 1)
        past = roll_history.history(tx, page.house, partner, now=page.now)
    shown = found[:A_PAGE]
    last = shown[-1] if len(found) > A_PAGE else None
    return page.show(
        "inbound_partner.html",
        title=f"What {partner} says",
        roll=roll,
        past=past,
        waiting=waiting,
        found=shown,
        next=None if last is None else cursor.written(*inbound_batches.key(last.place)),
        first=after is None,
        tones=TONES,
        fresh=ROLLS,
    )


@router.get("/{partner}/{batch}")
def one(page: SignedIn, partner: Partner, batch: BatchId) -> Response:
    page.demand(Right.SEE, what="a partner's batch")
    found = _one(page, partner, batch)
    return page.show("inbound_batch.html", title=f"A batch of {partner}", found=found, tones=TONES)


@router.get("/{partner}/{batch}/release")
def ask_to_release(page: SignedIn, partner: Partner, batch: BatchId) -> Response:
    page.demand(Right.APPROVE, what="the letting in of a batch")
    page.demand_proof()
    return page.show(
        "inbound_release.html", title="Let a batch in", found=_waiting(page, partner, batch)
    )


@router.post("/{partner}/{batch}/release")
def release(
    page: SignedIn,
    partner: Partner,
    batch: BatchId,
    gone: Annotated[str, Form(max_length=20)] = "",
    reason: Reason = "",
) -> Response:
    if page.may(Right.APPROVE):  # else the act refuses it, and keeps that it was tried
        page.demand_proof()
    typed = int(gone) if gone.isdecimal() else -1
    _, asked = acts.release(page.house, page.actor, batch, gone=typed, reason=reason, now=page.now)
    if asked is not None:
        return page.go(f"/approvals/{asked.id}", said="waits-for-second")
    return page.go(f"/inbound/{partner}/{batch}", said="batch-let-in")


@router.get("/{partner}/{batch}/refuse")
def ask_to_refuse(page: SignedIn, partner: Partner, batch: BatchId) -> Response:
    page.demand(Right.APPROVE, what="the turning down of a batch")
    return page.show(
        "inbound_refuse.html", title="Turn a batch down", found=_waiting(page, partner, batch)
    )


@router.post("/{partner}/{batch}/refuse")
def refuse(page: SignedIn, partner: Partner, batch: BatchId, reason: Reason = "") -> Response:
    acts.refuse(page.house, page.actor, batch, reason=reason, now=page.now)
    return page.go(f"/inbound/{partner}/{batch}", said="batch-turned-down")


def _one(page: Page, partner: str, batch_id: str) -> Waiting:
    with page.house.database.read() as tx:
        found = view.one(tx, page.house, batch_id)
    if found.batch.place.partner != partner:
        raise BadRequest("MRX-5014")
    return found


def _waiting(page: Page, partner: str, batch_id: str) -> Waiting:
    found = _one(page, partner, batch_id)
    if found.plan is None:
        raise BadRequest("MRX-5022", state=found.batch.state.value)
    return found
