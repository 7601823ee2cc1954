"""`mrx failure`: what keeps notices from partners, by cause; what to do, and who can."""

from datetime import UTC, datetime

from gateway.cli import answer, here
from gateway.cli.nouns import noun
from gateway.cli.options import AsJson, OnlyPartner
from gateway.views import failures as view
from partners import agreements

COLUMNS = ("code", "partner", "kind", "notices", "since", "title", "repair", "repairer", "replay")

app = noun()


@app.command("list", epilog="Example: mrx failure list --partner kr-aeo")
def list_(*, partner: OnlyPartner = None, as_json: AsJson = False) -> None:
    """List what keeps notices from partners, by cause: first what a person has to repair.

    `mrx notice list` has the notices themselves; `mrx replay` tells again what was turned down.
    """
    with here.house() as house, house.database.read() as tx:
        if partner is not None:
            agreements.get(tx, partner)
        found = view.causes(tx, house, now=datetime.now(UTC), partner=partner)
    answer.many(COLUMNS, map(_facts, found), json=as_json)


def _facts(cause: view.Cause) -> answer.Facts:
    return {
        "code": cause.code,
        "partner": cause.partner,
        "kind": cause.kind,
        "notices": cause.count.n,
        "more": cause.count.more,
        "since": cause.since,
        "title": cause.meaning.title,
        "repair": cause.meaning.repair,
        "repairer": cause.repairer,
        "batch": cause.batch,
        "replay": cause.replayable,
    }
