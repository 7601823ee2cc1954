"""Users: made, given other roles, disabled, enabled, given a one-time password."""

from datetime import UTC, datetime
from typing import Final

from gateway.acts import users as acts
from gateway.identity import users as known
from gateway.identity.roles import Role
from gateway.identity.users import User
from tests.gateway.console.browser.ground import Facts, Ground
from tests.gateway.console.browser.journey import (
    WHY,
    Follow,
    Journey,
    Note,
    Press,
    See,
    Sit,
    Tick,
    Write,
)
from tests.gateway.console.browser.journeys.account import PASSWORD, a_person


def _a_name(ground: Ground) -> Facts:
    return {"name": f"person.{ground.number()}"}


def _a_disabled_person(ground: Ground) -> Facts:
    facts = a_person(ground)
    who, now = ground.actor(Role.ADMIN), datetime.now(UTC)
    acts.disable(ground.house, who, facts["name"], reason="they left", now=now)
    return facts


def _user(ground: Ground, facts: Facts) -> User:
    with ground.house.database.read() as tx:
        return known.named(tx, facts["name"])


JOURNEYS: Final = (
    Journey(
        name="make a user, who comes in",
        does=("/users/new", "/login", "/account/password"),
        role=Role.ADMIN,
        given=_a_name,
        steps=(
            Follow("Users"),
            Follow("Make a user"),
            Write("Name", "{name}"),
            Tick("viewer"),
            Tick("operator"),
            Press("Make the user"),
            See("Hand this one-time password to {name}"),
            Note("once", "main code"),
            Sit(None),
            Write("Name", "{name}"),
            Write("Password", "{once}"),
            Press("Sign in"),
            See("with a password that counts once"),
            Write("One-time password", "{once}"),
            Write("New password", PASSWORD),
            Write("New password again", PASSWORD),
            Press("Change it"),
            See("Your password is changed."),
            See("Overview"),
        ),
        kept={"user made": Role.ADMIN, "signed in": "{name}", "password changed": "{name}"},
        holds=lambda ground, facts: (
            _user(ground, facts).roles == {Role.VIEWER, Role.OPERATOR}
            and not _user(ground, facts).one_time
        ),
    ),
    Journey(
        name="change somebody's roles",
        does=("/users/{user_id}/roles",),
        role=Role.ADMIN,
        given=a_person,
        steps=(
            Follow("Users"),
            Follow("{name}"),
            Follow("Change the roles"),
            Tick("admin"),
            Tick("auditor"),
            Write("Reason", WHY),
            Press("Change the roles"),
            See("The roles are changed."),
        ),
        kept={"roles changed": Role.ADMIN},
        holds=lambda ground, facts: _user(ground, facts).roles == {Role.VIEWER, Role.AUDITOR},
    ),
    Journey(
        name="disable a user",
        does=("/users/{user_id}/disable",),
        role=Role.ADMIN,
        given=a_person,
        steps=(
            Follow("Users"),
            Follow("{name}"),
            Follow("Disable"),
            Write("Reason", WHY),
            Press("Disable {name}"),
            See("The user is disabled, and signed out everywhere."),
        ),
        kept={"user disabled": Role.ADMIN},
        holds=lambda ground, facts: _user(ground, facts).disabled_at is not None,
    ),
    Journey(
        name="enable a user",
        does=("/users/{user_id}/enable",),
        role=Role.ADMIN,
        given=_a_disabled_person,
        steps=(
            Follow("Users"),
            Follow("{name}"),
            Follow("Enable"),
            Write("Reason", WHY),
            Press("Enable {name}"),
            See("The user is enabled."),
        ),
        kept={"user enabled": Role.ADMIN},
        holds=lambda ground, facts: _user(ground, facts).disabled_at is None,
    ),
    Journey(
        name="reset a password",
        does=("/users/{user_id}/reset",),
        role=Role.ADMIN,
        given=a_person,
        steps=(
            Follow("Users"),
            Follow("{name}"),
            Follow("Reset the password"),
            Write("Reason", WHY),
            Press("Reset the password"),
            See("Hand this one-time password to {name}"),
            Follow("Go on"),
            See("one-time password"),
        ),
        kept={"password reset": Role.ADMIN},
        holds=lambda ground, facts: _user(ground, facts).one_time,
    ),
)
