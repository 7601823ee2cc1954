"""`mrx doctor`: say what this gateway lacks, and what is set wrongly."""

import os
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from gateway import doctor
from gateway.cli import answer, exits, files, here
from gateway.cli.nouns import noun
from gateway.cli.options import AsJson
from gateway.doctor import bundle as bundles
from schemas.errors import NotReady

app = noun()


@app.command("doctor", epilog="Example: mrx doctor --json")
def examine(
    *,
    bundle: Annotated[
        str | None,
        typer.Option(
            "--bundle",
            metavar="FILE",
            help="Write the diagnostics for whoever helps: names of settings, no values.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Look at all this gateway needs, and say what is missing or set wrongly.

    Settings, home folder, key, database and broker, each with what was found and what to do about
    it. Nothing is changed. Exits with 3 if something failed; a warning alone does not.
    """
    found = doctor.examine(here.settings, environment=os.environ, clock=lambda: datetime.now(UTC))
    facts = {
        "well": found.well,
        "findings": [{**asdict(step), "result": step.result.value} for step in found.steps],
    }
    if bundle is not None:
        settings = None
        with suppress(NotReady):  # that they cannot be read is a finding
            settings = here.settings()
        now = datetime.now(UTC)
        told = bundles.facts(settings, os.environ, found.steps, now=now)
        files.write(bundle, bundles.written(told))
    if bundle != files.STDOUT:
        answer.one(facts, json=as_json)
    if not found.well:
        raise typer.Exit(exits.REJECTED)
