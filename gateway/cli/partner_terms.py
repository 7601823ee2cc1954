"""`mrx partner terms`: what an arrangement says about the partner's own members."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from gateway.cli import answer, here
from gateway.cli.nouns import noun
from gateway.cli.options import AsJson, Partner, Reason, one_line
from outbox import ledger
from partners import agreements, foreign_roll
from partners.agreements import Registered

EVERYONE = "all"

app = noun()


@app.command(
    "terms",
    epilog="Example: mrx partner terms tw-aeo --covers AEOS --rhythm-hours 168 --reason 'by letter'",
)
def terms(
    code: Partner,
    reason: Reason,
    *,
    covers: Annotated[
        str | None,
        typer.Option(metavar="WORDS", help="Categories recognised, by comma; 'all': everyone."),
    ] = None,
    quarantine_percent: Annotated[
        int | None,
        typer.Option(min=1, max=100, help="A batch that changes more of their roll waits."),
    ] = None,
    rhythm_hours: Annotated[
        int | None, typer.Option(min=1, max=87_600, help="Silent for longer, their word is stale.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Change what holds for a partner's own members, and apply it to their whole roll at once."""
    changes: dict[str, Any] = {}
    if covers is not None:
        words = [word.strip() for word in covers.split(",") if word.strip()]
        changes["coverage"] = None if words == [EVERYONE] else sorted(set(words))
    if quarantine_percent is not None:
        changes["quarantine_percent"] = quarantine_percent
    if rhythm_hours is not None:
        changes["rhythm_hours"] = rhythm_hours
    if not changes:
        raise typer.BadParameter("give at least one of --covers, --quarantine-percent, ...")
    now, why, moved = datetime.now(UTC), one_line(reason), 0
    with here.house() as house, house.database.write() as tx:
        agreements.change(tx, code, **changes)
        if "coverage" in changes:
            moved = foreign_roll.cover_anew(tx, code, now=now)
        registered = agreements.get(tx, code)
        told = {**changes, "by": here.who(), "reason": why}
        ledger.add(tx, "terms changed", told, now=now, partner=code)
    answer.one({"partner": code, **facts(registered), "members_changed": moved}, json=as_json)


def facts(registered: Registered) -> answer.Facts:
    """The terms as they are shown."""
    coverage = registered.coverage
    return {
        "covers": [EVERYONE] if coverage is None else sorted(coverage),
        "quarantine_percent": registered.quarantine_percent,
        "rhythm_hours": int(registered.rhythm.total_seconds() // 3600),
    }
