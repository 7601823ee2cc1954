"""Users: who may come in, and as what? For administrators."""

from typing import Annotated

from fastapi import APIRouter, Form, Path, Response

from gateway.acts import users as acts
from gateway.console.fields import Reason
from gateway.console.page import Page, SignedIn
from gateway.identity import users
from gateway.identity.roles import RIGHTS, Right, Role
from gateway.identity.users import User
from schemas.errors import BadRequest

router = APIRouter(prefix="/users")

UserId = Annotated[str, Path(pattern="^[0-9a-f]{16}$")]
Word = Annotated[str, Form(max_length=1000)]
Roles = Annotated[list[Role] | None, Form()]


@router.get("")
def list_(page: SignedIn) -> Response:
    _look(page)
    with page.house.database.read() as tx:
        found = users.every(tx)
    return page.show("users.html", title="Users", users=found)


@router.get("/new")
def new(page: SignedIn) -> Response:
    _look(page)
    page.demand_proof()
    return page.show(
        "user_new.html",
        title="Make a user",
        issuer=page.here.settings.oidc_issuer,
        roles=RIGHTS,
    )


@router.post("/new")
def create(page: SignedIn, name: Word, role: Roles = None, subject: Word = "") -> Response:
    _sure(page)
    there = page.here.settings.oidc_issuer if subject.strip() else None
    user, password = acts.create(
        page.house,
        page.actor,
        name.strip(),
        set(role or ()),
        issuer=there,
        subject=subject.strip() if there else None,
        now=page.now,
    )
    return _handed_over(page, user, password, title="The user is made")


@router.get("/{user_id}")
def show(page: SignedIn, user_id: UserId) -> Response:
    _look(page)
    user = _user(page, user_id)
    own = user.id == page.session.user.id
    return page.show("user.html", title=user.name, user=user, own=own, state=user.state(page.now))


@router.get("/{user_id}/roles")
def choose_roles(page: SignedIn, user_id: UserId) -> Response:
    return _asked(page, user_id, "user_roles.html", "Change the roles of")


@router.post("/{user_id}/roles")
def set_roles(page: SignedIn, user_id: UserId, reason: Reason = "", role: Roles = None) -> Response:
    _sure(page)
    user = _user(page, user_id)
    acts.set_roles(page.house, page.actor, user.name, set(role or ()), reason=reason, now=page.now)
    return page.go(f"/users/{user_id}", said="roles-changed")


@router.get("/{user_id}/disable")
def ask_disable(page: SignedIn, user_id: UserId) -> Response:
    return _asked(page, user_id, "user_disable.html", "Disable")


@router.post("/{user_id}/disable")
def disable(page: SignedIn, user_id: UserId, reason: Reason = "") -> Response:
    _sure(page)
    user = _user(page, user_id)
    acts.disable(page.house, page.actor, user.name, reason=reason, now=page.now)
    return page.go(f"/users/{user_id}", said="user-disabled")


@router.get("/{user_id}/enable")
def ask_enable(page: SignedIn, user_id: UserId) -> Response:
    return _asked(page, user_id, "user_enable.html", "Enable")


@router.post("/{user_id}/enable")
def enable(page: SignedIn, user_id: UserId, reason: Reason = "") -> Response:
    _sure(page)
    user = _user(page, user_id)
    acts.enable(page.house, page.actor, user.name, reason=reason, now=page.now)
    return page.go(f"/users/{user_id}", said="user-enabled")


@router.get("/{user_id}/reset")
def ask_reset(page: SignedIn, user_id: UserId) -> Response:
    return _asked(page, user_id, "user_reset.html", "Reset the password of")


@router.post("/{user_id}/reset")
def reset(page: SignedIn, user_id: UserId, reason: Reason = "") -> Response:
    _sure(page)
    user = _user(page, user_id)
    user, password = acts.reset(page.house, page.actor, user.name, reason=reason, now=page.now)
    return _handed_over(page, user, password, title="The password is reset")


def _look(page: Page) -> None:
    page.demand(Right.ADMINISTER, what="the users")


def _sure(page: Page) -> None:
    """Whoever may do this shows who they are; to others the act itself says no, and keeps it."""
    if page.may(Right.ADMINISTER):
        page.demand_proof()


def _user(page: Page, user_id: str) -> User:
    try:
        with page.house.database.read() as tx:
            return users.get(tx, user_id)
    except BadRequest:
        _look(page)  # who there is is for those alone who keep users
        raise


def _asked(page: Page, user_id: str, template: str, what: str) -> Response:
    """The page before an act: what it will do, and its form."""
    _look(page)
    page.demand_proof()
    user = _user(page, user_id)
    return page.show(template, title=f"{what} {user.name}", user=user, roles=RIGHTS)


def _handed_over(page: Page, user: User, password: str | None, *, title: str) -> Response:
    """The one page that shows a one-time password: it is no redirect, so that no address has it."""
    return page.show("user_password.html", title=title, user=user, password=password)
