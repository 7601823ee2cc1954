"""`mrx partner conformance`: our side of the exchange with a partner, tried over invented members."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from gateway.acts import conformance as acts
from gateway.cli import answer, exits, files, here
from gateway.cli.nouns import noun
from gateway.cli.options import AsJson, Partner
from gateway.identity.actor import at_the_shell

app = noun()


@app.command("conformance", epilog="Example: mrx partner conformance mx-neec --out conformance.txt")
def conformance(
    code: Partner,
    *,
    out: Annotated[
        str | None,
        typer.Option("--out", metavar="FILE", help="Write the report as text, too; '-' is stdout."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run conformance with a partner, and keep the report in its onboarding list.

    Invented members are written in their format, held against its XSD, read back and compared,
    sealed with our key and opened again; then the way to them is tested, as by `mrx partner test`.
    Nothing about a real member is asked or sent. Exits with 3 if a check failed.
    """
    actor = at_the_shell(here.who())
    with here.house() as house:
        found = acts.run(house, actor, code, clock=lambda: datetime.now(UTC))
    if out is not None:
        files.write(out, found.text().encode())
    if out != files.STDOUT:
        answer.one(found.facts(), json=as_json)
    if not found.well:
        raise typer.Exit(exits.REJECTED)
