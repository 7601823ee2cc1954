"""What comes out: a table for who waits, a file for who compares, a page for who reads.

The file is an object of `machine`, `command`, `taken_at`, `rows` (`name`, `value`, `unit`, `must`,
`holds`; `holds` is null for what is no ratio), `details` (runs, lowest, highest, note, by name) and
`errors` (what could not be measured, and why).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import orjson
from rich.console import Console
from rich.table import Table

from bench import machine
from bench.row import Row

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
_VERDICTS = {True: "holds", False: "DOES NOT HOLD", None: ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One go: what ran where, and what came out."""

    machine: dict[str, object]
    command: str
    taken_at: datetime
    rows: tuple[Row, ...]
    errors: dict[str, str]


def write(report: Report, folder: Path) -> Path:
    """Keep a report as `<date>.json`; a later one of the same day takes its place."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{report.taken_at.astimezone(UTC):%Y-%m-%d}.json"
    said = {
        "machine": report.machine,
        "command": report.command,
        "taken_at": report.taken_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "rows": [
            {
                "name": row.name,
                "value": _rounded(row.value),
                "unit": row.unit,
                "must": row.must,
                "holds": row.holds,
            }
            for row in report.rows
        ],
        "details": {
            row.name: {
                "runs": [_rounded(value) for value in row.values],
                "lowest": _rounded(row.spread[0]),
                "highest": _rounded(row.spread[1]),
                "note": row.note,
            }
            for row in report.rows
        },
        "errors": report.errors,
    }
    file.write_bytes(orjson.dumps(said, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    return file


def show(said: dict[str, Any], console: Console) -> None:
    """The table of a report as it was kept."""
    table = Table(title=machine.stated(said["machine"]), title_justify="left", expand=False)
    table.add_column("what")
    for heading in ("value", "runs"):
        table.add_column(heading, justify="right")
    table.add_column("must")
    table.add_column("")
    for one in _lines(said):
        table.add_row(*one)
    console.print(table)
    for group, why in said["errors"].items():
        console.print(f"NOT MEASURED  {group}: {why}", style="bold", markup=False)


def page(files: Iterable[Path], onto: Path) -> None:
    """Write the figures of one report or several, each under its own machine and command, between
    the marks of the page.
    """
    said = "\n".join(_markdown(read(file)) for file in files)
    before, _, rest = onto.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    onto.write_text(f"{before}{BEGIN}\n{said}{END}{after}", encoding="utf-8")


def read(file: Path) -> dict[str, Any]:
    return cast("dict[str, Any]", orjson.loads(file.read_bytes()))


def _markdown(said: dict[str, Any]) -> str:
    lines = [
        f"Taken at {said['taken_at']} by `{said['command']}` on {machine.stated(said['machine'])}.",
        "",
        "| what | value | lowest - highest | must | |",
        "|---|---:|---:|---|---|",
        *(f"| {' | '.join(cells)} |" for cells in _lines(said)),
        "",
    ]
    notes = [(name, one["note"]) for name, one in said["details"].items() if one["note"]]
    lines += [f"- **{name}**: {note}" for name, note in notes]
    lines += [f"- **{name}** was not measured: {why}" for name, why in said["errors"].items()]
    return "\n".join(lines) + "\n"


def _lines(said: dict[str, Any]) -> list[tuple[str, str, str, str, str]]:
    lines = []
    for row in said["rows"]:
        detail = said["details"][row["name"]]
        spread = f"{_plain(detail['lowest'])} - {_plain(detail['highest'])}"
        value = f"{_plain(row['value'])} {row['unit']}"
        lines.append((row["name"], value, spread, row["must"] or "", _VERDICTS[row["holds"]]))
    return lines


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")


def _plain(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}"
