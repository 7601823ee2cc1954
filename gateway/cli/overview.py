"""`mrx overview`: is anything stuck, and where?"""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from gateway.cli import answer, exits, here
from gateway.cli.nouns import noun
from gateway.cli.options import AsJson
from gateway.views import overview as view
from gateway.views.rows import Row

app = noun()

COLUMNS = (
    "partner",
    "state",
    "announcements",
    "withdrawals",
    "in_flight",
    "unknown",
    "refused",
    "blocked",
    "held",
    "oldest",
    "last_success",
)


@app.command("overview", epilog="Example: mrx overview --check")
def overview(
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Exit with 3 if something needs a person now.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what needs a person, the worst first, and how every partner stands.

    The same as the console's first page. Counts go up to 100,000; more is said as "over".
    """
    with here.house() as house, house.database.read() as tx:
        found = view.overview(tx, house, now=datetime.now(UTC))
    if as_json:
        alarms = [asdict(alarm) for alarm in found.alarms]
        partners = [{**_facts(row), "days": _days(row)} for row in found.rows]
        answer.one({"alarms": alarms, "partners": partners}, json=True)
    else:
        for alarm in found.alarms:
            code = f" ({alarm.code})" if alarm.code else ""
            answer.talk(f"{'now ' if alarm.bad else 'soon'} {alarm.sentence}{code}")
        answer.many(COLUMNS, [_facts(row) for row in found.rows], json=False)
    if check and any(alarm.bad for alarm in found.alarms):
        raise typer.Exit(exits.REJECTED)


def _facts(row: Row) -> dict[str, object]:
    return {
        "partner": row.partner,
        "country": row.country,
        "state": row.state,
        "closed": row.closed,
        "announcements": str(row.announcements),
        "withdrawals": str(row.withdrawals),
        "in_flight": str(row.in_flight),
        "unknown": row.unknown,
        "refused": str(row.refused),
        "blocked": str(row.blocked),
        "held": row.held,
        "oldest": row.oldest,
        "last_success": row.last_success,
    }


def _days(row: Row) -> list[dict[str, object]]:
    return [{"day": one.day, "mark": one.mark.value} for one in row.days]
