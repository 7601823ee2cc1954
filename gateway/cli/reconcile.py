"""`mrx reconcile`: after a lost database, on either side, find what differs and repair only that."""

import time
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from gateway.cli import answer, exits, here
from gateway.cli.nouns import noun
from gateway.cli.options import AsJson, DryRun, Partner
from outbox import asking, our_loss, reconcile, worker_name
from outbox.house import House
from partners import agreements
from schemas.errors import BadRequest

# A lane that somebody works is waited for: a delivery gives it back after its budget.
PATIENCE_SECONDS = 30
PAUSE_SECONDS = 0.5

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
    dry run that finds a difference ends with exit 3.
    """
    with here.house() as house, house.bell.after():
        ends = _Ends(house, code)
        report = ends.ask_again(dry_run=dry_run) if theirs else ends.reconcile(dry_run=dry_run)
    answer.one(asdict(report), json=as_json)
    if dry_run and report.differs:
        raise typer.Exit(exits.REJECTED)


class _Ends:
    """This gateway and one partner that has an address."""

    def __init__(self, house: House, partner: str) -> None:
        with house.database.read() as tx:
            registered = agreements.get(tx, partner)
        address = registered.push_url or registered.pull_url
        if address is None:
            raise BadRequest("MRX-5016")
        self.house, self.partner, self.address = house, partner, address

    def reconcile(self, *, dry_run: bool) -> reconcile.Report:
        """Waits for a lane that somebody works, for a while."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return reconcile.reconcile(
                    self.house,
                    self.partner,
                    self.get,
                    worker=worker_name.own(),
                    by=here.who(),
                    clock=_now,
                    dry_run=dry_run,
                )
            except BadRequest as busy:
                if busy.code != "MRX-5021" or time.monotonic() > until:
                    raise
            time.sleep(PAUSE_SECONDS)

    def ask_again(self, *, dry_run: bool) -> our_loss.Report:
        return our_loss.ask_again(self.house, self.partner, self.get, self.post, dry_run=dry_run)

    def get(self, path: str, query: str) -> bytes:
        reply = asking.ask(
            self.house, self.address, to=self.partner, path=path, query=query, now=_now()
        )
        return asking.expected(reply, 200).body

    def post(self, path: str, body: bytes) -> bytes:
        reply = asking.ask(
            self.house,
            self.address,
            to=self.partner,
            path=path,
            now=_now(),
            method="POST",
            body=body,
            media_type="application/json",
        )
        return asking.expected(reply, 200).body


def _now() -> datetime:
    return datetime.now(UTC)
