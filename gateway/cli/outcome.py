"""`mrx outcome`: what became of each notice, in the order in which it happened."""

from typing import Annotated

import typer

from gateway.cli import answer, here
from gateway.cli.nouns import noun
from gateway.cli.options import AsJson, OnlyPartner
from outbox import outcomes
from outbox.outcomes import Outcome
from partners import agreements

COLUMNS = ("position", "at", "kind", "partner", "account", "ref", "version", "code", "partner_code")

app = noun()


@app.command("list", epilog="Example: mrx outcome list --after 1200 --limit 500")
def list_(
    *,
    after: Annotated[
        int, typer.Option(metavar="POSITION", min=0, max=2**63 - 1, help="Only what came after.")
    ] = 0,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many.")] = 1_000,
    partner: OnlyPartner = None,
    as_json: AsJson = False,
) -> None:
    """List what became of notices: held, matched, refused, blocked, withdrawn.

    Positions only grow: keep the last one, and go on after it. `repairer` says who can repair what
    is blocked or refused.
    """
    with here.house() as house, house.database.read() as tx:
        if partner is not None:
            agreements.get(tx, partner)
        found = outcomes.after(tx, after, limit=limit, partner=partner)
    answer.many(COLUMNS, [_facts(one) for one in found], json=as_json)


def _facts(one: Outcome) -> dict[str, object]:
    return {
        "position": one.position,
        "at": one.at,
        "kind": one.kind.value,
        "partner": one.partner,
        "account": one.account,
        "ref": one.ref,
        "version": one.version,
        "code": one.code,
        "reason": one.reason,
        "partner_code": one.partner_code,
        "repairer": one.repairer,
    }
