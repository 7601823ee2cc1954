"""`mrx reconcile`: after a lost database, on either side, find what differs and repair only that."""

from dataclasses import asdict
from typing import Annotated

import typer

from gateway import other_end
from gateway.cli import answer, exits, here
from gateway.cli.nouns import noun
from gateway.cli.options import AsJson, DryRun, Partner

app = noun()


@app.command("reconcile", epilog="Example: mrx reconcile mx-neec --dry-run")
def reconcile_(
    code: Partner,
    *,
    theirs: Annotated[
        bool, typer.Option("--theirs", help="What we hold of them: ask them to repair it.")
    ] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Find what two ends hold differently, and repair only that.

    The partner's sums are compared with ours, and the references only where they differ. What it
    lacks is told again, what it should not have is withdrawn, and a lane whose numbers one end has
    lost begins a new epoch. Repairs leave by the lanes as always. Running it again is harmless. A
    dry run that finds a difference ends with exit 3. After a restore from a backup it opens the
    partner's lanes.
    """
    with here.house() as house, house.bell.after():
        end = other_end.of(house, code, by=here.who())
        report = end.ask_again(dry_run=dry_run) if theirs else end.reconcile(dry_run=dry_run)
    answer.one(asdict(report), json=as_json)
    if dry_run and report.differs:
        raise typer.Exit(exits.REJECTED)
