"""`mrx user`: the people who may sign in at the console."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from gateway.acts import users as acts
from gateway.cli import answer, here
from gateway.cli.nouns import noun
from gateway.cli.options import AsJson, Reason, one_line
from gateway.identity import users
from gateway.identity.actor import Actor, at_the_shell
from gateway.identity.roles import Role
from gateway.identity.users import User

COLUMNS = ("name", "roles", "state", "signs_in", "created_at", "created_by")

Name = Annotated[str, typer.Argument(help="As they sign in; the ledger names them so.")]
Roles = Annotated[
    list[Role], typer.Option("--role", help="What they are here; give it once for each.")
]

app = noun()


@app.command(epilog="Example: mrx user create maria --role operator --role viewer")
def create(
    name: Name,
    *,
    role: Roles,
    subject: Annotated[
        str | None,
        typer.Option(help="Their `sub` at the identity provider: they sign in there."),
    ] = None,
    issuer: Annotated[
        str | None,
        typer.Option(metavar="URL", help="That provider; without it MRX_OIDC_ISSUER."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a user and show their one-time password, for the only time.

    It alone stands on stdout. They change it when they first sign in. Who signs in at an identity
    provider has none.
    """
    there = issuer or (here.settings().oidc_issuer if subject else None)
    if (subject is None) != (there is None):
        raise typer.BadParameter("give it with --issuer or MRX_OIDC_ISSUER", param_hint="--subject")
    now = datetime.now(UTC)
    with here.house() as house:
        user, password = acts.create(
            house,
            _actor(),
            name,
            set(role),
            issuer=there,
            subject=subject,
            now=now,
        )
    # A crash before this line leaves a password nobody knows: `mrx user reset` makes another.
    _hand_over(user, password, as_json=as_json, now=now)


@app.command("list", epilog="Example: mrx user list")
def list_(*, as_json: AsJson = False) -> None:
    """List the users by name, disabled ones too. Their passwords are kept nowhere."""
    now = datetime.now(UTC)
    with here.house() as house, house.database.read() as tx:
        found = [_facts(user, now=now) for user in users.every(tx)]
    answer.many(COLUMNS, found, json=as_json)


@app.command(epilog="Example: mrx user show maria")
def show(name: Name, *, as_json: AsJson = False) -> None:
    """Show one user: what they may do, how they sign in, and how they stand."""
    now = datetime.now(UTC)
    with here.house() as house, house.database.read() as tx:
        user = users.named(tx, name)
    answer.one({**_facts(user, now=now), "rights": sorted(user.actor.rights)}, json=as_json)


@app.command(
    epilog="Example: mrx user roles maria --role approver --reason 'moved to the second desk'"
)
def roles(name: Name, *, role: Roles, reason: Reason, as_json: AsJson = False) -> None:
    """Give a user these roles instead of those they have.

    It counts from their next page on. Nobody changes their own.
    """
    why = one_line(reason)
    now = datetime.now(UTC)
    with here.house() as house:
        user = acts.set_roles(house, _actor(), name, set(role), reason=why, now=now)
    answer.one(_facts(user, now=now), json=as_json)


@app.command(epilog="Example: mrx user disable maria --reason 'left the service'")
def disable(name: Name, *, reason: Reason, as_json: AsJson = False) -> None:
    """End a user's access at once; they are signed out everywhere. Again changes nothing."""
    why = one_line(reason)
    now = datetime.now(UTC)
    with here.house() as house:
        user = acts.disable(house, _actor(), name, reason=why, now=now)
    answer.one(_facts(user, now=now), json=as_json)


@app.command(epilog="Example: mrx user enable maria --reason 'is back'")
def enable(name: Name, *, reason: Reason, as_json: AsJson = False) -> None:
    """Let a disabled user in again, with the roles and the password they had."""
    why = one_line(reason)
    now = datetime.now(UTC)
    with here.house() as house:
        user = acts.enable(house, _actor(), name, reason=why, now=now)
    answer.one(_facts(user, now=now), json=as_json)


@app.command(epilog="Example: mrx user reset maria --reason 'forgot the password'")
def reset(name: Name, *, reason: Reason, as_json: AsJson = False) -> None:
    """Give a user a new one-time password and show it, for the only time.

    It alone stands on stdout. They are signed out everywhere; a lock ends.
    """
    why = one_line(reason)
    now = datetime.now(UTC)
    with here.house() as house:
        user, password = acts.reset(house, _actor(), name, reason=why, now=now)
    _hand_over(user, password, as_json=as_json, now=now)


def _facts(user: User, *, now: datetime) -> dict[str, object]:
    return {
        "name": user.name,
        "roles": sorted(user.roles),
        "state": user.state(now),
        "signs_in": user.issuer or "here",
        "subject": user.subject,
        "locked_until": user.locked_until,
        "created_at": user.created_at,
        "created_by": user.created_by,
        "disabled_at": user.disabled_at,
        "disabled_by": user.disabled_by,
    }


def _actor() -> Actor:
    return at_the_shell(here.who())


def _hand_over(user: User, password: str | None, *, as_json: bool, now: datetime) -> None:
    if as_json:
        answer.one({**_facts(user, now=now), "password": password}, json=True)
    elif password is None:
        answer.talk(f"{user.name} signs in at {user.issuer}.")
    else:
        typer.echo(password)
        answer.talk(f"{user.name} changes it at the first sign-in. It is shown this once.")
