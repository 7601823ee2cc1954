"""`mrx partner test`: walk the way to a partner, and say where it is broken."""

from dataclasses import asdict
from datetime import UTC, datetime

import typer

from gateway.acts import connection
from gateway.cli import answer, exits, here
from gateway.cli.nouns import noun
from gateway.cli.options import AsJson, Partner
from gateway.identity.actor import at_the_shell

app = noun()


@app.command("test", epilog="Example: mrx partner test mx-neec")
def walk(code: Partner, *, as_json: AsJson = False) -> None:
    """Test the way to a partner: name, port, TLS, certificates, signatures, formats, clocks.

    Nothing about a member is asked or sent, and nothing changes; the findings are kept, for
    whoever looks next. Exits with 3 if a step failed; each says what to do next.
    """
    with here.house() as house:
        actor = at_the_shell(here.who())
        found = connection.test(house, actor, code, clock=lambda: datetime.now(UTC))
    facts = {
        "partner": found.partner,
        "address": found.address,
        "well": found.well,
        "steps": [{**asdict(step), "result": step.result.value} for step in found.steps],
    }
    answer.one(facts, json=as_json)
    if not found.well:
        raise typer.Exit(exits.REJECTED)
