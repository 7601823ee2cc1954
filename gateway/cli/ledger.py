"""`mrx ledger`: what happened, in one chain that shows every change to it."""

import typer

from gateway.cli import answer, exits, faults, here
from gateway.cli.nouns import noun
from gateway.cli.options import AsJson
from outbox import ledger
from schemas.errors import NotReady

app = noun()


@app.command(epilog="Example: mrx ledger verify")
def verify(*, as_json: AsJson = False) -> None:
    """Walk the whole ledger and print how many entries it has, and the digest of its head.

    Keep that digest elsewhere: a ledger whose tail was cut off is whole in itself, and only its
    head tells. Exit 3 if an entry does not follow from the one before.
    """
    with here.house() as house, house.database.read() as tx:
        found = ledger.verify(tx)
    facts = {
        "entries": found.head.size,
        "head": found.head.digest,
        "broken_at": found.broken_at,
    }
    answer.one(facts, json=as_json)
    if found.broken_at is not None:
        faults.show(NotReady("MRX-9006", position=found.broken_at))
        raise typer.Exit(exits.REJECTED)
