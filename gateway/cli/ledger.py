"""`mrx ledger`: what happened, in one chain that shows every change to it."""

import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from gateway.acts import ledgers
from gateway.cli import answer, exits, faults, here
from gateway.cli.nouns import noun
from gateway.cli.options import AsJson, OnlyPartner, moment
from gateway.identity.actor import at_the_shell
from gateway.views import ledger as view
from gateway.views.ledger import Entry, Wanted
from outbox import ledger
from schemas.errors import NotReady

COLUMNS = ("position", "at", "kind", "partner", "by", "subject")

app = noun()


@app.command(epilog="Example: mrx ledger tail --kind 'act refused'")
def tail(
    *,
    kind: Annotated[
        str | None, typer.Option("--kind", metavar="WORDS", help="Only entries of this kind.")
    ] = None,
    partner: OnlyPartner = None,
    by: Annotated[
        str | None, typer.Option("--by", metavar="NAME", help="Only what this person did.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="TIME", help="From this moment on.")
    ] = None,
    most: Annotated[int, typer.Option("--most", min=1, help="At most so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List entries, the newest first."""
    begin = None if since is None else moment("--since", since, now=datetime.now(UTC))
    wanted = Wanted(kind=kind, partner=partner, by=by, since=begin)
    found: list[Entry] = []
    before: int | None = None
    with here.house() as house:
        while len(found) < most:
            with house.database.read() as tx:
                some = view.page(tx, house, wanted, before=before, at_most=most - len(found))
            found += some.found
            before = some.before
            if before is None:
                break
    answer.many(COLUMNS, [_facts(one) for one in found], json=as_json)


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


@app.command(epilog="Example: mrx ledger export --first 1 > ledger.ndjson")
def export(
    *,
    first: Annotated[int, typer.Option("--first", min=1, help="The first position.")] = 1,
    last: Annotated[
        int | None, typer.Option("--last", min=1, help="The last position; without: the newest.")
    ] = None,
) -> None:
    """Put entries on stdout as NDJSON, the oldest first. That they were taken out is an entry too."""
    actor = at_the_shell(here.who())
    with here.house() as house:
        now = datetime.now(UTC)
        _name, pieces = ledgers.export(house, actor, first=first, last=last, now=now)
        for piece in pieces:
            sys.stdout.buffer.write(piece)


def _facts(one: Entry) -> answer.Facts:
    return {
        "position": one.position,
        "at": one.at,
        "kind": one.kind,
        "partner": one.partner,
        "subject": one.subject,
        "by": one.by,
        "entry": dict(one.told),
        "digest": one.digest,
    }
