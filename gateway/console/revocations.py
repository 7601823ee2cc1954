"""Revocations: whom do we still wait for? And entering one for a company."""

from typing import Annotated

from fastapi import APIRouter, Form, Response

from gateway.acts import revoking
from gateway.api import cursor
from gateway.api.cursor import After
from gateway.console.fields import OnlyPartner, Reason
from gateway.console.listing import A_PAGE, listed
from gateway.console.page import SignedIn
from gateway.console.told import TONES
from gateway.identity.roles import Right
from gateway.views import revocations as view
from gateway.views.revocations import Show
from partners import agreements
from schemas.member import ACCOUNT

router = APIRouter(prefix="/revocations")

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


@router.get("")
def every(
    page: SignedIn,
    show: Show = Show.OPEN,
    partner: OnlyPartner = "",
    after: After = None,
) -> Response:
    page.demand(Right.SEE, what="the revocations")
    start = view.place(cursor.read(after, int, int))
    with page.house.database.read() as tx:
        found = view.every(
            tx, show, now=page.now, partner=partner or None, after=start, at_most=A_PAGE + 1
        )
        waiting = view.waiting(tx, now=page.now)
        partners = [one.agreement.partner for one in agreements.every(tx)]
    return page.show(
        "revocations.html",
        title="Whom do we still wait for?",
        waiting=waiting,
        show=show,
        partner=partner,
        partners=partners,
        tones=TONES,
        fates=CONFIRMED,
        **listed(found, lambda one: view.key(one, show), after=after, at_most=A_PAGE),
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
    reason: Reason = "",
    partners: Annotated[list[str], Form(max_length=50)] = [],  # noqa: B006  # never changed
) -> Response:
    done = revoking.revoke(page.house, page.actor, account, partners, reason=reason, now=page.now)
    title = "The consent is taken back" if done else "Nothing is taken back"
    return page.show("revoked.html", title=title, done=done, tones=TONES, means=MEANS)
