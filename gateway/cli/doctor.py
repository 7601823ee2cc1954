"""`mrx doctor`: say what this gateway lacks, and what is set wrongly."""

import os
from dataclasses import asdict
from datetime import UTC, datetime

import typer

from gateway import doctor
from gateway.cli import answer, exits, here
from gateway.cli.nouns import noun
from gateway.cli.options import AsJson

app = noun()


@app.command("doctor", epilog="Example: mrx doctor --json")
def examine(*, as_json: AsJson = False) -> None:
    """Look at all this gateway needs, and say what is missing or set wrongly.

    Settings, home folder, key, database and broker, each with what was found and what to do about
    it. Nothing is changed. Exits with 3 if something failed; a warning alone does not.
    """
    found = doctor.examine(here.settings, environment=os.environ, clock=lambda: datetime.now(UTC))
    facts = {
        "well": found.well,
        "findings": [{**asdict(step), "result": step.result.value} for step in found.steps],
    }
    answer.one(facts, json=as_json)
    if not found.well:
        raise typer.Exit(exits.REJECTED)
