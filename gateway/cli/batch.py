"""`mrx batch`: what left or is on its way, and what proves it."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli import answer, batch_name, batch_story, files, here
from gateway.cli.nouns import noun
from gateway.cli.options import AsJson, Limit, Number, OnlyPartner, Output, Partner
from gateway.views import batches as view
from outbox import batch as batches
from outbox import evidence, handing_over, release, worker_name
from outbox.batch import Batch, State
from outbox.handing_over import Handed
from partners import agreements
from schemas.batch import Lane
from schemas.errors import BadRequest

COLUMNS = (
    "id",
    "partner",
    "lane",
    "number",
    "issue",
    "state",
    "announcements",
    "withdrawals",
    "attempts",
    "sealed_at",
    "code",
)

LISTED = 1_000

After = Annotated[
    int | None,
    typer.Option("--after", metavar="ID", min=1, max=2**63 - 1, help="Those older than this one."),
]

app = noun()
app.add_typer(batch_story.app)
app.add_typer(batch_name.app)


@app.command("list", epilog="Example: mrx batch list --partner ca-pip --state unknown,sending")
def list_(
    *,
    partner: OnlyPartner = None,
    state: Annotated[
        str | None, typer.Option(help=f"Only these, by comma: {', '.join(State)}.")
    ] = None,
    after: After = None,
    limit: Limit = LISTED,
    as_json: AsJson = False,
) -> None:
    """List our batches, the newest first."""
    wanted = _states(state)
    with here.house() as house, house.database.read() as tx:
        if partner is not None:
            agreements.get(tx, partner)
        found = view.of_states(tx, wanted, partner=partner, before=after, limit=limit)
    answer.many(COLUMNS, map(_facts, found.batches), json=as_json)
    if found.next is not None:
        answer.talk(f"There are more: go on with --after {found.next}.")


@app.command(epilog="Example: mrx batch show 7")
def show(number: Number, *, as_json: AsJson = False) -> None:
    """Show one batch: its issues, attempts, receipts, and what became of each notice."""
    with here.house() as house, house.database.read() as tx:
        batch = batches.get(tx, number)
        facts = {
            **_facts(batch),
            "epoch": batch.epoch,
            "previous_digest": batch.previous_digest,
            "stale": batch.stale,
            "bytes": batch.bytes,
            "first_sent_at": batch.first_sent_at,
            "issues": [asdict(issue) for issue in evidence.issues(tx, batch)],
            "attempts_made": [
                {
                    "n": row.n,
                    "issue": row.issue,
                    "began_at": row.began_at,
                    "ended_at": row.ended_at,
                    "outcome": row.outcome,
                    "code": row.code,
                    "detail": row.detail,
                    "worker": row.worker,
                }
                for row in batches.history(tx, batch.id)
            ],
            "receipts": [
                asdict(one)
                for one in evidence.receipts_of(tx, batch.lane_id, batch.epoch, batch.number)
            ],
            "notices": [
                {
                    "ref": row.ref,
                    "kind": row.kind,
                    "account": row.account,
                    "version": row.version,
                    "consent": row.consent_id,
                    "dropped_issue": row.dropped_issue,
                    "outcome": row.outcome,
                    "code": row.code,
                }
                for row in batches.notices(tx, batch.id)
            ],
        }
    answer.one(facts, json=as_json)


@app.command(epilog="Example: mrx batch export 7 -o batch-7.p7m")
def export(number: Number, *, output: Output) -> None:
    """Put the sealed file of a batch's newest issue into a file, exactly as it leaves.

    It is an act in the ledger. `openssl cms -verify -binary -inform DER` opens it anywhere.
    """
    with here.house() as house, house.database.write() as tx:
        file = release.export(tx, house, number, by=here.who(), now=datetime.now(UTC))
    # Only now: what is handed out stands in the ledger, whatever happens to the file.
    files.write(output, file)


@app.command("next", epilog="Example: mrx batch next kr-aeo -o batch.p7m")
def next_(
    partner: Partner,
    *,
    output: Output,
    lane: Annotated[
        Lane | None, typer.Option(help="Only this lane; without it, urgent first.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Put the batch that waits for a partner's receipt, or the next one, into a new file.

    For partners without a server: carry the file over, and bring their answer to
    `mrx receipt import`. Until then the partner may have heard, and the same file comes again. A
    file that is there already is not overwritten, and then nothing is claimed.
    """
    if output != files.STDOUT and Path(output).exists():
        raise BadRequest("MRX-5012", because="there is a file of this name")
    with here.house() as house:
        with house.database.read() as tx:
            agreements.get(tx, partner)
        kinds = handing_over.BOTH if lane is None else (lane,)
        found = handing_over.next_batch(
            house, partner, worker=f"{worker_name.own()}/hand", kinds=kinds
        )
        if not isinstance(found, Handed):
            raise BadRequest("MRX-5020" if found is None else "MRX-5021")
        # From the claim on they may have heard, also if the file cannot be written now.
        files.write_new(output, found.file)
        with house.database.read() as tx:
            facts = _facts(batches.get(tx, found.batch.id))
    if output == files.STDOUT:
        return
    answer.one({**facts, "file": output}, json=as_json)


def _states(text: str | None) -> frozenset[State]:
    if text is None:
        return frozenset(State)
    words = {word.strip() for word in text.split(",")}
    if not words <= set(State):
        known = ", ".join(State)
        raise typer.BadParameter(f"give one or more of {known}", param_hint="--state")
    return frozenset(State(word) for word in words)


def _facts(batch: Batch) -> dict[str, object]:
    return {
        "id": batch.id,
        "partner": batch.partner,
        "lane": batch.lane,
        "number": batch.number,
        "issue": batch.issue,
        "state": batch.state.value,
        "digest": batch.digest,
        "announcements": batch.announcements,
        "withdrawals": batch.withdrawals,
        "attempts": batch.attempts,
        "sealed_at": batch.sealed_at,
        "closed_at": batch.closed_at,
        "code": batch.code,
    }
