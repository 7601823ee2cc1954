"""`mrx batch name`: whose name stands behind a reference; kept in the ledger before it is shown."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from gateway.acts import batches as acts
from gateway.cli import answer, here
from gateway.cli.nouns import noun
from gateway.cli.options import AsJson, Number
from gateway.identity.actor import at_the_shell

app = noun()


@app.command("name", epilog="Example: mrx batch name 7 7ZKQ3M9RTW4R --why alarm")
def name(
    number: Number,
    ref: Annotated[
        str, typer.Argument(metavar="REF", help="As `mrx batch show` gives it; one of this batch.")
    ],
    *,
    why: Annotated[acts.Why, typer.Option("--why", help="Why you look; kept in the ledger.")],
    as_json: AsJson = False,
) -> None:
    """Show the name of the member that one notice of a batch is about, as the roll has it now.

    That you looked, at whom and why stands in the ledger before it is shown.
    """
    actor, now = at_the_shell(here.who()), datetime.now(UTC)
    with here.house() as house:
        found = acts.name(house, actor, number, ref, reason=acts.WHY_LOOK[why], now=now)
    answer.one({"batch": number, "ref": ref, "name": found}, json=as_json)
