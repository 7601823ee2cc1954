"""How the demo talks: prose and tables on stdout, progress on stderr.

On a terminal progress is bars; elsewhere it is plain lines, a few seconds apart. NO_COLOR is
honoured, as rich does.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

WIDTH_MIN = 80  # the closing table is as wide: a narrower terminal folds its lines
LINE_SECONDS = 5.0


class Advance(Protocol):
    """Told how far one bar has come: its name, and how many of its total are done."""

    def __call__(self, name: str, done: int, /) -> None: ...


class Show:
    """The two consoles, and how long each phase took."""

    def __init__(self) -> None:
        self._out = Console(highlight=False)
        self._out.width = max(WIDTH_MIN, self._out.width)
        self._err = Console(stderr=True, highlight=False)
        self.phases: list[tuple[str, float]] = []

    def say(self, text: str = "", style: str | None = None) -> None:
        """A line of prose. It is text, never markup: names may hold brackets."""
        self._out.print(text, style=style, markup=False, soft_wrap=True)

    def table(self, table: Table) -> None:
        self._out.print(table)

    def fail(self, text: str) -> None:
        self._err.print(text, style="bold red", markup=False, soft_wrap=True)

    @contextmanager
    def phase(self, title: str, totals: Mapping[str, int]) -> Iterator[Advance]:
        """One phase of the demo, with one bar for each of `totals`."""
        began = time.monotonic()
        if self._err.is_terminal and not self._err.is_dumb_terminal:
            with self._bars(totals) as advance:
                yield advance
        else:
            yield _Lines(self._err, title, totals)
        self.phases.append((title, time.monotonic() - began))

    @contextmanager
    def _bars(self, totals: Mapping[str, int]) -> Iterator[Advance]:
        columns = (
            TextColumn("   {task.description}"),
            BarColumn(bar_width=32),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self._err) as progress:
            bars = {name: progress.add_task(name, total=total) for name, total in totals.items()}
            yield lambda name, done: progress.update(bars[name], completed=done)


class _Lines:
    """Progress without a terminal: a line when a bar is full, and now and then in between."""

    def __init__(self, console: Console, title: str, totals: Mapping[str, int]) -> None:
        self._console = console
        self._title = title
        self._totals = totals
        self._said_at = dict.fromkeys(totals, time.monotonic())
        self._full: set[str] = set()

    def __call__(self, name: str, done: int, /) -> None:
        total = self._totals[name]
        full = done >= total and name not in self._full
        due = done < total and time.monotonic() - self._said_at[name] >= LINE_SECONDS
        if full:
            self._full.add(name)
        if full or due:
            self._said_at[name] = time.monotonic()
            line = f"   {self._title}: {name} {done:,} of {total:,}"
            self._console.print(line, markup=False, soft_wrap=True)
