"""`mrx top`: the overview in a terminal, live."""

import sys
from typing import Annotated

import typer

from gateway.cli import answer, exits, here
from gateway.cli.nouns import noun
from gateway.identity.actor import at_the_shell

app = noun()


@app.command("top", epilog="Example: mrx top --every 2")
def top(
    *,
    every: Annotated[
        float, typer.Option(min=0, max=3600, help="Seconds between looks; 0: only when asked.")
    ] = 5.0,
) -> None:
    """Show how every partner stands, live, and pause or resume one.

    Enter opens a partner, p pauses its announcements and u resumes them, q quits. A reason is
    asked for and kept. For scripts there is `mrx overview --json`.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        answer.talk("mrx top needs a terminal; `mrx overview --json` says the same to programs.")
        raise typer.Exit(exits.USAGE)
    with here.house() as house:
        # Only now: nobody else pays for importing Textual.
        from gateway.top.app import Top  # noqa: PLC0415

        Top(house, at_the_shell(here.who()), every=every).run()
