"""One's own: signing in and out, showing again who one is, another password, how pages are shown."""

from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import update

from gateway.identity import passwords, sessions
from gateway.identity import users as known
from gateway.identity.roles import Role
from schemas.tables import sessions as rows
from schemas.tables import users as people
from tests.gateway.console.browser.ground import Facts, Ground
from tests.gateway.console.browser.journey import (
    Choose,
    Follow,
    Journey,
    Meanwhile,
    Press,
    See,
    Tick,
    Write,
)

PASSWORD = "invented-password-1"
_KEPT = passwords.kept(PASSWORD)  # once: it takes long on purpose


def a_person(ground: Ground) -> Facts:
    """Somebody new with a password of their own, who keeps users and whatever else there is."""
    now, name = datetime.now(UTC), f"person.{ground.number()}"
    with ground.house.database.write() as tx:
        user = known.create(tx, name, {Role.ADMIN, Role.VIEWER}, by="the journeys", now=now)
        known.set_password(tx, user, _KEPT, now=now)
    return {"name": name}


def signed_in(ground: Ground, facts: Facts) -> int:
    """In how many browsers they are."""
    with ground.house.database.read() as tx:
        return sessions.count(tx, known.named(tx, facts["name"]), now=datetime.now(UTC))


def _their_proof_is_old(ground: Ground, facts: Facts) -> None:
    with ground.house.database.write() as tx:
        theirs = rows.c.user == known.named(tx, facts["name"]).id
        long_ago = datetime.now(UTC) - timedelta(hours=1)
        tx.execute(update(rows).where(theirs).values(proved_at=long_ago))


def _proved(ground: Ground, facts: Facts) -> bool:
    with ground.house.database.read() as tx:
        theirs = rows.c.user == known.named(tx, facts["name"]).id
        at: datetime = tx.execute(rows.select().where(theirs)).one().proved_at
    return datetime.now(UTC) - at < sessions.PROOF


def _another_password(ground: Ground, facts: Facts) -> bool:
    with ground.house.database.read() as tx:
        query = people.select().where(people.c.name == facts["name"])
        return passwords.holds(PASSWORD + "2", tx.execute(query).one().password)


JOURNEYS: Final = (
    Journey(
        name="sign in",
        does=("/login",),
        role=None,
        given=a_person,
        steps=(
            Write("Name", "{name}"),
            Write("Password", PASSWORD),
            Press("Sign in"),
            See("Overview"),
            See("{name}"),
        ),
        kept={"signed in": "{name}"},
        holds=lambda ground, facts: signed_in(ground, facts) == 1,
    ),
    Journey(
        name="sign out",
        does=("/logout",),
        role="{name}",
        given=a_person,
        steps=(Press("Sign out"), See("You are signed out."), See("Password")),
        holds=lambda ground, facts: signed_in(ground, facts) == 0,
    ),
    Journey(
        name="sign out everywhere",
        does=("/account/sign-out-everywhere",),
        role="{name}",
        given=a_person,
        steps=(
            Follow("{name}"),
            Press("Sign out everywhere"),
            See("You are signed out everywhere."),
        ),
        kept={"signed out everywhere": "{name}"},
        holds=lambda ground, facts: signed_in(ground, facts) == 0,
    ),
    Journey(
        name="show again who one is",
        does=("/prove",),
        role="{name}",
        given=a_person,
        steps=(
            Meanwhile(_their_proof_is_old),
            Follow("Users"),
            Follow("Make a user", answers=403),
            See("Show who you are"),
            Write("Password of {name}", PASSWORD),
            Press("Go on"),
            See("They get a one-time password"),
        ),
        holds=_proved,
    ),
    Journey(
        name="change one's own password",
        does=("/account/password",),
        role="{name}",
        given=a_person,
        steps=(
            Follow("{name}"),
            Follow("Change your password"),
            Write("Password as it is", PASSWORD),
            Write("New password", PASSWORD + "2"),
            Write("New password again", PASSWORD + "2"),
            Press("Change it"),
            See("Your password is changed."),
        ),
        kept={"password changed": "{name}"},
        holds=_another_password,
    ),
    Journey(
        name="choose how pages are shown",  # a cookie; nothing of it stands in the database
        does=("/preferences",),
        role=Role.OPERATOR,
        steps=(
            Follow("UTC, settings"),
            Choose("Times are shown in", "Asia/Seoul"),
            Tick("Single keys do something: / r ?"),
            Press("Keep"),
            See("Pages are shown so in this browser."),
            Follow("Asia/Seoul, settings"),
            Follow("Batches"),
            See("KST"),
        ),
    ),
)
