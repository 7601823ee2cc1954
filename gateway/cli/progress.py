"""Progress of long work: a bar on stderr, where a person watches, and nothing elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

Show = Callable[[int, str], None]
Step = Callable[[int], None]


@contextmanager
def bar(what: str, *, total: int | None) -> Iterator[Show]:
    """Show a bar while the block lasts. Call what it gives with how much is done, and a note.

    Without a total it only shows that something moves.
    """
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[note]}", markup=False),
        TimeElapsedColumn(),
    )
    console = Console(stderr=True)
    watched = sys.stderr.isatty()
    with Progress(*columns, console=console, transient=True, disable=not watched) as progress:
        task = progress.add_task(what, total=total, note="")

        def show(done: int, note: str) -> None:
            progress.update(task, completed=done, note=note)

        yield show
