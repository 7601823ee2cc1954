"""`python -m bench`: measure, show the table, keep the file. `make bench` calls it."""

import argparse
import sys
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from bench import machine, report
from bench.ground import FULL, QUICK, TINY, USUAL, Ground, Size, standing
from bench.report import Report
from bench.row import Row, Wrong
from bench.rows import GROUPS, Group
from schemas.errors import MrxError

RESULTS = Path(__file__).parent / "results"
PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
_SIZES = {"quick": QUICK, "full": FULL, "tiny": TINY}


def main(words: Sequence[str] | None = None) -> int:
    """0 if everything was measured and every ratio holds, 1 if not, 2 for what was not measured."""
    asked = _asked(words)
    if asked.page is not None:
        files = asked.page or sorted(asked.out.glob("*.json"))[-1:]
        if not files:
            sys.stderr.write(f"no results in {asked.out}: run the benchmark first\n")
            return 2
        report.page(files, PAGE)
        return 0
    size = _SIZES.get(asked.size, USUAL)
    groups = [group for group in GROUPS if not asked.only or group.name in asked.only]
    # Where results are kept is no part of what was measured, and a place of this machine.
    named = [f"--{asked.size}"] if asked.size else []
    named += [f"--only {name}" for name in asked.only or ()]
    done = measure(groups, size, command=" ".join(["python -m bench", *named]))
    file = report.write(done, asked.out)
    report.show(report.read(file), Console(width=150))
    sys.stderr.write(f"kept in {file}\n")
    if done.errors:
        return 2
    return 1 if any(row.holds is False for row in done.rows) else 0


def measure(
    groups: Iterable[Group], size: Size, *, command: str, keys: Path | None = None
) -> Report:
    """Measure the groups one after the other. What goes wrong in one is its error, and no row.
    `keys` is a folder of signing keys to use.
    """
    found, taken_at = machine.machine(), datetime.now(UTC)
    rows: list[Row] = []
    errors: dict[str, str] = {}
    with standing(size, keys=keys) as ground:
        for group in groups:
            try:
                rows += _measured(group, ground)
            except (Wrong, MrxError, AssertionError, OSError) as error:
                errors[group.name] = f"{type(error).__name__}: {error}"
                ground.say(f"{group.name} FAILED: {errors[group.name]}")
    return Report(
        machine=found, command=command, taken_at=taken_at, rows=tuple(rows), errors=errors
    )


def _measured(group: Group, ground: Ground) -> list[Row]:
    ground.say(f"{group.name}: {group.what}")
    began = time.monotonic()
    rows = list(group.run(ground))
    ground.say(f"{group.name}: done in {time.monotonic() - began:.0f} s")
    return rows


def _asked(words: Sequence[str] | None) -> argparse.Namespace:
    names = [group.name for group in GROUPS]
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measure how fast the gateway is beside a floor of the same run.",
        epilog="Groups: " + "; ".join(f"{group.name} ({group.what})" for group in GROUPS),
    )
    size = parser.add_mutually_exclusive_group()
    for name, says in (
        ("quick", "a smaller size, under five minutes"),
        ("full", "a million members where the row has that size"),
        ("tiny", "no figures that mean anything: whether it runs"),
    ):
        size.add_argument(f"--{name}", dest="size", action="store_const", const=name, help=says)
    parser.add_argument("--only", action="append", choices=names, help="this group; repeatable")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where results are kept")
    parser.add_argument(
        "--page",
        nargs="*",
        type=Path,
        metavar="FILE",
        help=f"write these results, or else the newest, into {PAGE.name} and end",
    )
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(main())
