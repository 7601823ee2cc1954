"""`mrx inbound`: what partners sent us, and what of it waits for a person."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from gateway import inbound, inbound_batches, quarantine
from gateway.acts import inbound as acts
from gateway.cli import answer, approval, exits, files, here
from gateway.cli.nouns import noun
from gateway.cli.options import AsJson, OnlyPartner, Partner, Reason, one_line
from gateway.identity.actor import at_the_shell
from gateway.inbound_batches import Inbound, State
from gateway.views import inbound as view
from gateway.views import roll_history
from partners import agreements
from schemas import exchange
from schemas.receipt import Level, Receipt, Verdict
from signing.open import open_sealed

COLUMNS = (
    "id",
    "state",
    "received_at",
    "announced",
    "withdrawn",
    "owed",
    "decided_by",
    "reason",
)

BatchId = Annotated[str, typer.Argument(metavar="ID", help="As `mrx inbound list` gives it.")]
ReceiptOut = Annotated[
    str | None,
    typer.Option("-o", "--output", metavar="FILE", help="Our receipt goes here; '-' is stdout."),
]

app = noun()


@app.command("list", epilog="Example: mrx inbound list --state quarantined")
def list_(
    *,
    partner: OnlyPartner = None,
    state: Annotated[State | None, typer.Option(help="Only those in this state.")] = None,
    as_json: AsJson = False,
) -> None:
    """List partners' batches, by partner, lane and number."""
    with here.house() as house, house.database.read() as tx:
        if partner is not None:
            agreements.get(tx, partner)
        found = [one.facts for one in inbound_batches.every(tx, state=state, partner=partner)]
    answer.many(COLUMNS, found, json=as_json)


@app.command(epilog="Example: mrx inbound show mx-neec.routine.00112233445566aa.5.1")
def show(batch: BatchId, *, as_json: AsJson = False) -> None:
    """Show one batch, and what letting it in would do if it waits."""
    with here.house() as house, house.database.read() as tx:
        found = inbound_batches.get(tx, batch)
        plan = inbound_batches.plan(tx, found)
    answer.one({**found.facts, "plan": None if plan is None else asdict(plan)}, json=as_json)


@app.command(epilog="Example: mrx inbound rolls")
def rolls(*, as_json: AsJson = False) -> None:
    """List the partners' rolls: how large each is, how fresh, and how many batches wait."""
    now = datetime.now(UTC)
    with here.house() as house, house.database.read() as tx:
        found = [
            {**asdict(one), "rhythm": str(one.rhythm), "state": one.state}
            for one in view.rolls(tx, house, now=now)
        ]
    columns = ("partner", "size", "state", "heard_at", "as_of", "lower", "upper", "waiting")
    answer.many(columns, found, json=as_json)


@app.command(epilog="Example: mrx inbound history mx-neec")
def history(code: Partner, *, as_json: AsJson = False) -> None:
    """Show how large a partner's roll was, day by day, and what a batch had to stay between."""
    with here.house() as house, house.database.read() as tx:
        found = roll_history.history(tx, house, code, now=datetime.now(UTC))
    columns = ("day", "size", "lower", "upper", "held_back")
    answer.many(columns, [asdict(one) for one in found.days], json=as_json)
    answer.talk(found.sentence)


@app.command(
    epilog="Example: mrx inbound approve mx-neec.routine.00112233445566aa.5.1 --gone 100"
    " --reason 'they moved'"
)
def approve(
    batch: BatchId,
    reason: Reason,
    *,
    gone: Annotated[
        int, typer.Option("--gone", min=0, help="How many of the roll would go, as it says.")
    ] = 0,
    output: ReceiptOut = None,
    as_json: AsJson = False,
) -> None:
    """Let a batch in that waits; where members would go, a second person must say yes (exit 6).

    The partner gets our new receipt by itself if we know its address, else when it repeats the
    batch, or by hand (-o).
    """
    why, actor, now = one_line(reason), at_the_shell(here.who()), datetime.now(UTC)
    with here.house() as house:
        found, asked = acts.release(house, actor, batch, gone=gone, reason=why, now=now)
        if asked is not None:
            approval.waits(asked, as_json=as_json)
            raise typer.Exit(exits.WAITS)
        with house.database.read() as tx:
            receipt = quarantine.receipt_of(tx, batch)
    _tell(found, receipt, output, as_json=as_json)


@app.command(epilog="Example: mrx inbound receipt mx-neec.routine.00112233445566aa.5.1 -o r.p7m")
def receipt(
    batch: BatchId,
    *,
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="FILE", help="'-' is stdout.")
    ] = files.STDOUT,
) -> None:
    """Put our newest receipt for a batch into a file, to be handed over by other means."""
    with here.house() as house, house.database.read() as tx:
        files.write(output, quarantine.receipt_of(tx, batch))


@app.command(
    epilog="Example: mrx inbound reject mx-neec.routine.00112233445566aa.5.1 --reason 'a test file'"
)
def reject(
    batch: BatchId, reason: Reason, *, output: ReceiptOut = None, as_json: AsJson = False
) -> None:
    """Turn a batch down that waits: nothing of it is taken, and the partner hears so."""
    why, actor = one_line(reason), at_the_shell(here.who())
    with here.house() as house:
        found = acts.refuse(house, actor, batch, reason=why, now=datetime.now(UTC))
        with house.database.read() as tx:
            receipt = quarantine.receipt_of(tx, batch)
    _tell(found, receipt, output, as_json=as_json)


@app.command("import", epilog="Example: mrx inbound import batch-5.p7m -o receipt-5.p7m")
def import_(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A partner's .p7m; '-' is stdin.")],
    *,
    output: ReceiptOut = None,
    as_json: AsJson = False,
) -> None:
    """Take a batch that came by hand. The same file again gets the same receipt.

    Exit 3 if something in it was refused, 6 if it waits for a person.
    """
    settings = here.settings()
    content = files.read(file, bytes_max=settings.body_bytes_max)
    with here.house() as house:
        now = datetime.now(UTC)
        sealed = inbound.take(house, content, bytes_max=settings.body_bytes_max, now=now)
        opened = open_sealed(sealed, [house.key.certificate], now)
    receipt = exchange.read_receipt(opened.content)
    if output is not None:
        files.write(output, sealed)
    if output != files.STDOUT:
        answer.one(_facts(receipt), json=as_json)
    if receipt.level is Level.RECEIVED:
        answer.talk("It would change their roll suddenly: see `mrx inbound list`.")
        raise typer.Exit(exits.WAITS)
    if receipt.verdict is not Verdict.ALL:
        raise typer.Exit(exits.REJECTED)


def _tell(found: Inbound, receipt: bytes, output: str | None, *, as_json: bool) -> None:
    if output is not None:
        files.write(output, receipt)
    if output != files.STDOUT:
        answer.one(found.facts, json=as_json)


def _facts(receipt: Receipt) -> answer.Facts:
    return {
        "partner": receipt.recipient,
        "lane": receipt.lane.value,
        "epoch": receipt.epoch,
        "number": receipt.number,
        "issue": receipt.issue,
        "level": receipt.level.value,
        "verdict": None if receipt.verdict is None else receipt.verdict.value,
        "code": receipt.code,
        "held": receipt.held,
        "holdings": receipt.holdings,
        "refused": [asdict(refusal) for refusal in receipt.refused],
        "erasures": [{"ref": one.ref, "fate": one.fate.value} for one in receipt.withdrawals],
    }
