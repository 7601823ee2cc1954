"""One's own account: what one may do here, another password, the end of all one's sessions."""

from typing import Annotated

from fastapi import APIRouter, Form, Response

from gateway.acts import users as acts
from gateway.console import cookies, proving
from gateway.console.page import AnySignedIn, Page, SignedIn
from gateway.identity import passwords, sessions
from gateway.identity.roles import Right
from schemas.errors import BadRequest

router = APIRouter(prefix="/account")
Word = Annotated[str, Form(max_length=passwords.CHARS_MAX)]


@router.get("")
def account(page: SignedIn) -> Response:
    with page.house.database.read() as tx:
        signed_in = sessions.count(tx, page.session.user, now=page.now)
    return page.show(
        "account.html",
        title="Your account",
        user=page.session.user,
        rights=[right for right in Right if page.may(right)],
        signed_in=signed_in,
    )


@router.get("/password")
def another(page: AnySignedIn) -> Response:
    return _asked(page)


@router.post("/password")
def change(page: AnySignedIn, old: Word, new: Word, again: Word) -> Response:
    try:
        held = acts.change_own_password(page.house, page.session, old, new, again, now=page.now)
    except BadRequest as refused:
        if refused.code == "MRX-7020":
            return proving.out(page)
        return _asked(page, refused=refused)
    return cookies.hold(page.go("/", said="password-changed"), held)


@router.post("/sign-out-everywhere")
def sign_out_everywhere(page: AnySignedIn) -> Response:
    acts.sign_out_everywhere(page.house, page.session.user, now=page.now)
    return cookies.drop(page.go("/login", said="signed-out-everywhere"))


def _asked(page: Page, *, refused: BadRequest | None = None) -> Response:
    return page.show(
        "password.html",
        title="Choose a password" if page.session.user.one_time else "Change your password",
        status=422 if refused else 200,
        refused=refused,
        user=page.session.user,
        chars_min=passwords.CHARS_MIN,
        chars_max=passwords.CHARS_MAX,
    )
