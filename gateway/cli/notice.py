"""`mrx notice`: what waits, what is blocked and why, what was refused, what is held."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from gateway.cli import answer, here
from gateway.cli.nouns import noun
from gateway.cli.options import AsJson, OnlyPartner
from outbox import notices
from outbox.notices import State
from partners import agreements

COLUMNS = ("partner", "account", "lane", "state", "code", "kind", "ref", "since", "batch")

app = noun()


@app.command("list", epilog="Example: mrx notice list --state blocked --partner kr-aeo")
def list_(
    *,
    state: Annotated[State | None, typer.Option(help="Only these.")] = None,
    partner: OnlyPartner = None,
    as_json: AsJson = False,
) -> None:
    """List notices, one row each, with the code of what stands in the way.

    A consent without a row here, and without a held one, has nothing to tell.
    """
    with here.house() as house, house.database.read() as tx:
        if partner is not None:
            agreements.get(tx, partner)
        now = datetime.now(UTC)
        found = notices.every(tx, house, now=now, partner=partner, state=state)
        columns = (*COLUMNS, "partner_code")
        answer.many(columns, (asdict(notice) for notice in found), json=as_json)
