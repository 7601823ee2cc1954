"""Users: the people who may sign in at the console."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from gateway.acts import users as acts
from gateway.api.context import Here
from gateway.api.operators.acting import Acting, acting
from gateway.api.operators.decision import Decision
from gateway.api.parameters import TEXT
from gateway.api.problems import described
from gateway.identity import users
from gateway.identity.roles import Right, Role
from gateway.identity.users import NAME, State, User

router = APIRouter(prefix="/users", responses=described(401, 403, 422))

Administrator = Annotated[Acting, acting(Right.ADMINISTER)]
Name = Annotated[str, Path(pattern=NAME, description="As they sign in.")]


def _each_once(roles: object) -> object:
    if isinstance(roles, list) and len({str(role) for role in roles}) < len(roles):
        raise ValueError("a role is named twice")
    return roles


Roles = Annotated[
    frozenset[Role], BeforeValidator(_each_once), Field(min_length=1, max_length=len(Role))
]


class Person(BaseModel):
    """Somebody who may sign in at the console, or might once."""

    id: str
    name: str
    roles: list[Role]
    state: State
    issuer: str | None = Field(description="The identity provider they sign in at; none: here.")
    subject: str | None
    locked_until: datetime | None
    created_at: datetime
    created_by: str
    disabled_at: datetime | None
    disabled_by: str | None


class People(BaseModel):
    """All of them, by name."""

    items: list[Person]


class NewPerson(BaseModel):
    """With `issuer` and `subject` they sign in there; else they get a one-time password."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(pattern=NAME)]
    roles: Roles
    issuer: Annotated[str, Field(min_length=1, max_length=1000, pattern=TEXT)] | None = None
    subject: Annotated[str, Field(min_length=1, max_length=255, pattern=TEXT)] | None = None


class HandedOver(BaseModel):
    """A user, and the one-time password that is shown this once and kept nowhere."""

    user: Person
    password: str | None


class NewRoles(Decision):
    """The roles they have from now on, and why."""

    roles: Roles


@router.get("")
def list_users(here: Here, _actor: Administrator) -> People:
    """List the users by name, disabled ones too."""
    with here.house.database.read() as tx:
        found = users.every(tx)
    return People(items=[_person(user) for user in found])


@router.get("/{name}", responses=described(404))
def show_user(name: Name, here: Here, _actor: Administrator) -> Person:
    """Show one user."""
    with here.house.database.read() as tx:
        return _person(users.named(tx, name))


@router.post("", status_code=201, responses=described(409, 503))
def create_user(new: NewPerson, here: Here, actor: Administrator, response: Response) -> HandedOver:
    """Make a user; the one-time password is answered this once."""
    user, password = acts.create(
        here.house,
        actor,
        new.name,
        new.roles,
        issuer=new.issuer,
        subject=new.subject,
        now=datetime.now(UTC),
    )
    return _handed_over(response, user, password)


@router.post("/{name}/roles", responses=described(404, 409, 503))
def set_user_roles(name: Name, new: NewRoles, here: Here, actor: Administrator) -> Person:
    """Give a user these roles instead of those they have."""
    now = datetime.now(UTC)
    return _person(acts.set_roles(here.house, actor, name, new.roles, reason=new.reason, now=now))


@router.post("/{name}/disable", responses=described(404, 503))
def disable_user(name: Name, decision: Decision, here: Here, actor: Administrator) -> Person:
    """End a user's access at once. Again changes nothing."""
    now = datetime.now(UTC)
    return _person(acts.disable(here.house, actor, name, reason=decision.reason, now=now))


@router.post("/{name}/enable", responses=described(404, 503))
def enable_user(name: Name, decision: Decision, here: Here, actor: Administrator) -> Person:
    """Let a disabled user in again, as they were."""
    now = datetime.now(UTC)
    return _person(acts.enable(here.house, actor, name, reason=decision.reason, now=now))


@router.post("/{name}/reset", responses=described(404, 409, 503))
def reset_user(
    name: Name, decision: Decision, here: Here, actor: Administrator, response: Response
) -> HandedOver:
    """Give a user a one-time password, which is answered this once. A lock ends."""
    now = datetime.now(UTC)
    user, password = acts.reset(here.house, actor, name, reason=decision.reason, now=now)
    return _handed_over(response, user, password)


def _handed_over(response: Response, user: User, password: str | None) -> HandedOver:
    response.headers["Cache-Control"] = "no-store"
    return HandedOver(user=_person(user), password=password)


def _person(user: User) -> Person:
    return Person(
        id=user.id,
        name=user.name,
        roles=sorted(user.roles),
        state=user.state(datetime.now(UTC)),
        issuer=user.issuer,
        subject=user.subject,
        locked_until=user.locked_until,
        created_at=user.created_at,
        created_by=user.created_by,
        disabled_at=user.disabled_at,
        disabled_by=user.disabled_by,
    )
