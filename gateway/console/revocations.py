"""Revocations: whom do we still wait for? And entering one for a company."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Response

from gateway.acts import revoking
from gateway.api import cursor
from gateway.console.page import SignedIn
from gateway.console.told import TONES
from gateway.identity.roles import Right
from gateway.views import revocations as view
from gateway.views.revocations import Show
from partners import agreements
from schemas.member import ACCOUNT

router = APIRouter(prefix="/revocations")

A_PAGE = 50
CONFIRMED = {
    "erased": "erased",
    "retained": "retained unused",
    "not-held": "was not held",
}
MEANS = {
    "never told": "Nobody there ever heard. Nothing has to be done.",
    "removed before sending": "It is queued and leaves the queue. Nobody there will hear.",
    "withdrawal on its way": "They may have heard. They are told to delete it, before all other work.",
    "deletion confirmed": "They have confirmed the deletion of all they were told.",
}
Account = Annotated[str, Form(pattern=f"^{ACCOUNT.pattern}$")]
PartnerCode = Annotated[str, Query(pattern="^$|^[a-z]{2}-[a-z]{1,20}$")]


@router.get("")
def every(
    page: SignedIn,
    show: Show = Show.OPEN,
    partner: PartnerCode = "",
    after: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    page.demand(Right.SEE, what="the revocations")
    start = view.place(cursor.read(after, int, int))
    with page.house.database.read() as tx:
        found = view.every(
            tx, show, now=page.now, partner=partner or None, after=start, at_most=A_PAGE + 1
        )
        waiting = view.waiting(tx, now=page.now)
        codes = [one.agreement.partner for one in agreements.every(tx)]
    shown = found[:A_PAGE]
    more = cursor.written(*view.key(shown[-1], show)) if len(found) > A_PAGE else None
    return page.show(
        "revocations.html",
        title="Whom do we still wait for?",
        items=shown,
        waiting=waiting,
        show=show,
        partner=partner,
        codes=codes,
        after=after,
        next=more,
        tones=TONES,
        fates=CONFIRMED,
    )


@router.get("/enter")
def ask(page: SignedIn) -> Response:
    page.demand(Right.REVOKE, what="the entering of a revocation")
    return page.show("revoking.html", title="Take a consent back", account=None, foreseen=[])


@router.post("/foresee")
def foresee(page: SignedIn, account: Account) -> Response:
    found = revoking.foresee(page.house, page.actor, account, now=page.now)
    return page.show(
        "revoking.html",
        title="Take a consent back",
        account=account,
        foreseen=found,
        means=MEANS,
        tones=TONES,
    )


@router.post("")
def enter(
    page: SignedIn,
    account: Account,
    reason: Annotated[str, Form(max_length=1000)] = "",
    partners: Annotated[list[str], Form(max_length=50)] = [],  # noqa: B006  # never changed
) -> Response:
    done = revoking.revoke(page.house, page.actor, account, partners, reason=reason, now=page.now)
    title = "The consent is taken back" if done else "Nothing is taken back"
    return page.show("revoked.html", title=title, done=done, tones=TONES, means=MEANS)
