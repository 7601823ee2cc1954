"""`mrx partner terms`: what an arrangement says about the partner's own members, and when people
work over there.

The calendar explains waiting in reports; it stops no clock.
"""

from datetime import UTC, date, datetime
from typing import Annotated

import typer

from gateway.acts import terms as acts
from gateway.acts.terms import Terms
from gateway.cli import answer, here
from gateway.cli.nouns import noun
from gateway.cli.options import AsJson, Partner, Reason, one_line
from gateway.identity.actor import at_the_shell
from partners.agreements import Registered
from schemas.calendar import HOLIDAYS_MAX, is_zone

EVERYONE, NONE = "all", "none"
DAYS = 7

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
    time_zone: Annotated[
        str | None, typer.Option(metavar="ZONE", help="Theirs, such as Asia/Taipei.")
    ] = None,
    working_days: Annotated[
        str | None, typer.Option(metavar="DAYS", help="1 (Monday) to 7, by comma; or 1-5.")
    ] = None,
    holidays: Annotated[
        str | None,
        typer.Option(metavar="DATES", help="All of them, YYYY-MM-DD by comma; 'none': none."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Change what holds for a partner's own members, and apply it to their whole roll at once.

    Their time zone, working days and holidays explain waiting in reports; they stop no clock.
    """
    changes: Terms = {}
    if covers is not None:
        words = [word.strip() for word in covers.split(",") if word.strip()]
        changes["coverage"] = None if words == [EVERYONE] else sorted(set(words))
    if quarantine_percent is not None:
        changes["quarantine_percent"] = quarantine_percent
    if rhythm_hours is not None:
        changes["rhythm_hours"] = rhythm_hours
    changes.update(_calendar(time_zone, working_days, holidays))
    if not changes:
        raise typer.BadParameter("give at least one of --covers, --quarantine-percent, ...")
    why, actor = one_line(reason), at_the_shell(here.who())
    with here.house() as house:
        done = acts.change(house, actor, code, changes, reason=why, now=datetime.now(UTC))
    told = {"partner": code, **facts(done.registered), "members_changed": done.members}
    answer.one(told, json=as_json)


def facts(registered: Registered) -> answer.Facts:
    """The terms as they are shown."""
    coverage = registered.coverage
    return {
        "covers": [EVERYONE] if coverage is None else sorted(coverage),
        "quarantine_percent": registered.quarantine_percent,
        "rhythm_hours": int(registered.rhythm.total_seconds() // 3600),
        "time_zone": registered.calendar.zone,
        "working_days": sorted(registered.calendar.working_days),
        "holidays": sorted(registered.calendar.holidays),
    }


def _calendar(time_zone: str | None, working_days: str | None, holidays: str | None) -> Terms:
    """What is changed of the calendar, as the register keeps it; or a usage error."""
    changes: Terms = {}
    if time_zone is not None:
        if not is_zone(time_zone):
            raise typer.BadParameter("there is no such zone", param_hint="--time-zone")
        changes["time_zone"] = time_zone
    if working_days is not None:
        changes["working_days"] = _days(working_days)
    if holidays is not None:
        changes["holidays"] = [] if holidays == NONE else _dates(holidays)
    return changes


def _days(text: str) -> list[int]:
    days: set[int] = set()
    for part in text.split(","):
        first, dash, last = (side.strip() for side in part.partition("-"))
        last = last if dash else first
        if not (first + last).isdecimal() or not 1 <= int(first) <= int(last) <= DAYS:
            raise typer.BadParameter("give days from 1 to 7", param_hint="--working-days")
        days.update(range(int(first), int(last) + 1))
    return sorted(days)


def _dates(text: str) -> list[str]:
    try:
        days = {date.fromisoformat(part.strip()) for part in text.split(",")}
    except ValueError:
        raise typer.BadParameter("give dates, YYYY-MM-DD", param_hint="--holidays") from None
    if len(days) > HOLIDAYS_MAX:
        raise typer.BadParameter(f"give {HOLIDAYS_MAX} at most", param_hint="--holidays")
    return [day.isoformat() for day in sorted(days)]
