"""How `mrx top` writes what it shows. Text, never markup: a reason with brackets is a reason."""

from datetime import UTC, datetime
from typing import Final

from rich.text import Text

from gateway.cli.text import clean
from gateway.views.days import Day, Mark
from gateway.views.lanes import Lane
from gateway.views.rows import Row
from gateway.views.span import span

# A word and a sign each: the colour says nothing that they do not.
STATES: Final = {
    "open": ("> open", "green"),
    "paused": ("|| paused", "yellow"),
    "failing": ("x failing", "bold red"),
    "closed": ("- closed", "yellow"),
}
MARKS: Final = {Mark.SETTLED: ".", Mark.MIXED: "~", Mark.FAILED: "x", Mark.NOTHING: " "}
COLUMNS: Final = (
    *("partner", "state", "announce", "withdraw", "in flight", "unknown", "refused", "blocked"),
    *("held", "oldest", "settled", "30 days"),
)


def state(word: str) -> Text:
    said, style = STATES[word]
    return Text(said, style)


def plain(value: object) -> Text:
    return Text(clean("-" if value is None else str(value)))


def ago(moment: datetime | None, now: datetime) -> Text:
    return Text("-" if moment is None else span(now - moment))


def at(moment: datetime | None) -> str:
    return "-" if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def strip(days: tuple[Day, ...]) -> Text:
    return Text("".join(MARKS[day.mark] for day in days))


def cells(row: Row, now: datetime) -> tuple[Text, ...]:
    """A row of the overview, by `COLUMNS`."""
    counts = (
        *(row.announcements, row.withdrawals, row.in_flight, row.unknown, row.refused),
        *(row.blocked, f"up to {row.held}" if row.held_at_most else row.held),
    )
    return (
        Text(row.partner),
        state(row.state),
        *(Text("-" if not n else str(n), justify="right") for n in counts),
        ago(row.oldest, now),
        ago(row.last_success, now),
        strip(row.days),
    )


def lane(one: Lane, now: datetime) -> Text:
    """A lane in a line or two."""
    said = Text.assemble(f"{one.kind.value:8} ", state(one.state))
    said.append(f"  {one.announcements} to announce, {one.withdrawals} to withdraw")
    if one.flying is not None:
        said.append(f"; {one.flying.name} {one.flying.state.value}, try {one.flying.attempts}")
    if one.next_try is not None:
        said.append(f"; next try {at(one.next_try)}")
    if one.paused_by is not None:
        said.append(
            f"\n         paused by {clean(one.paused_by)} {span(now - (one.paused_at or now))} ago: "
        )
        said.append(clean(one.pause_reason or ""))
    if one.trouble is not None:
        said.append(f"\n         nothing has come of it for {span(now - one.trouble.since)}")
        said.append("" if one.trouble.code is None else f" ({one.trouble.code})")
    return said
