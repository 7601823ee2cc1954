"""`mrx token`: what CBP's systems and operators' tools prove themselves with."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from gateway import tokens
from gateway.cli import answer, here
from gateway.cli.nouns import noun
from gateway.cli.options import AsJson
from gateway.cli.text import clean
from gateway.tokens import Scope, Token

NAME_LENGTH_MAX = 100
COLUMNS = ("id", "name", "scopes", "created_at", "created_by", "expires_at", "revoked_at")

app = noun()


@app.command(epilog="Example: mrx token create 'portal push' --scope push --expires-days 365")
def create(
    name: Annotated[str, typer.Argument(help="Which system it is for; shown in lists.")],
    *,
    scope: Annotated[
        list[Scope],
        typer.Option("--scope", help="What it may do; give it once for each."),
    ],
    expires_days: Annotated[
        int | None,
        typer.Option(min=1, max=3650, help="End it after so many days; without: never."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a token and show it, for the only time.

    It alone stands on stdout, so that it can go into a file. What it is to approve, another token
    must have pushed: give the scope `approve` to a second person.
    """
    said = name.strip()
    if not said or clean(said) != said or len(said) > NAME_LENGTH_MAX:
        raise typer.BadParameter(
            f"give one line of 1 to {NAME_LENGTH_MAX} characters", param_hint="NAME"
        )
    now = datetime.now(UTC)
    until = None if expires_days is None else now + timedelta(days=expires_days)
    with here.house() as house, house.database.write() as tx:
        text = tokens.create(tx, said, set(scope), by=here.who(), now=now, expires_at=until)
    # A crash before this line leaves a token nobody knows: `mrx token list` shows it, to be revoked.
    if as_json:
        facts = {
            "token": text,
            "id": text.split("_")[1],
            "name": said,
            "scopes": sorted(set(scope)),
        }
        answer.one({**facts, "expires_at": until}, json=True)
        return
    typer.echo(text)
    answer.talk("Keep it now: it is shown this once, and nobody can look it up.")


@app.command("list", epilog="Example: mrx token list")
def list_(*, as_json: AsJson = False) -> None:
    """List the tokens, revoked ones too. What proves them is kept nowhere."""
    with here.house() as house, house.database.read() as tx:
        found = [_facts(token) for token in tokens.every(tx)]
    answer.many(COLUMNS, found, json=as_json)


@app.command(epilog="Example: mrx token revoke 0123456789ab")
def revoke(
    token_id: Annotated[str, typer.Argument(metavar="ID", help="As `mrx token list` shows it.")],
    *,
    as_json: AsJson = False,
) -> None:
    """End a token for good, at once. Again changes nothing."""
    with here.house() as house, house.database.write() as tx:
        ended = tokens.revoke(tx, token_id, by=here.who(), now=datetime.now(UTC))
    answer.one(_facts(ended), json=as_json)


def _facts(token: Token) -> answer.Facts:
    return {
        "id": token.id,
        "name": token.name,
        "scopes": sorted(token.scopes),
        "created_at": token.created_at,
        "created_by": token.created_by,
        "expires_at": token.expires_at,
        "revoked_at": token.revoked_at,
        "revoked_by": token.revoked_by,
    }
