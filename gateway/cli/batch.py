"""`mrx batch`: what left or is on its way, and what proves it."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from gateway.cli import answer, files, here
from gateway.cli.nouns import noun
from gateway.cli.options import AsJson, Number, OnlyPartner, Output
from outbox import batch as batches
from outbox import evidence, release
from outbox.batch import Batch, State
from partners import agreements

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

app = noun()


@app.command("list", epilog="Example: mrx batch list --partner ca-pip --state unknown,sending")
def list_(
    *,
    partner: OnlyPartner = None,
    state: Annotated[
        str | None, typer.Option(help=f"Only these, by comma: {', '.join(State)}.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List our batches in the order they were sealed."""
    wanted = _states(state)
    with here.house() as house, house.database.read() as tx:
        if partner is not None:
            agreements.get(tx, partner)
        found = [_facts(one) for one in batches.every(tx, partner=partner) if one.state in wanted]
    answer.many(COLUMNS, found, json=as_json)


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
