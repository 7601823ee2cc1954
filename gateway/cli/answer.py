"""An answer on stdout: a table for eyes, tab-separated lines for a pipe, or one JSON document.

Tables and lines have the same columns, and `gateway.cli.text` sees to it that no value acts on a
terminal or breaks a line in two. Lines are read by spreadsheets too: a cell that one would run as a
formula begins with an apostrophe (see `inert`). JSON has every key and is exact.
"""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from itertools import chain, islice
from typing import Any

import orjson
import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.cli.text import clean, harmless

Facts = Mapping[str, object]
# A terminal's table is laid out at once; a long list becomes several tables.
ROWS_A_TABLE = 500
# A cell up to this long (a code, an account, a ref) is never broken; longer ones are folded.
SHORT = 12
# What a spreadsheet takes for a formula, in full width too where it reads Japanese; tab and line ends
# are escapes by now (`clean`). A number with its sign, and a sign alone, it takes for what they are.
# A quotation mark it takes away with all up to the next one: the formula may stand behind it, or the
# lines that follow be swallowed. And what had an apostrophe before keeps it behind ours.
_FORMULA = re.compile(r"""'*(?:"|[=@＝＠](?!$)|[+\-＋－](?!(?:[0-9]+(?:\.[0-9]+)?)?$))""")


def many(columns: Sequence[str], items: Iterable[Facts], *, json: bool) -> None:
    """Answer with a list, item by item: it is never held as a whole.

    JSON has all keys of an item, the others these columns.
    """
    if json:
        _array(items)
    elif sys.stdout.isatty():
        _tables(columns, items)
    else:
        for item in items:
            _line(plain(item[column]) for column in columns)


def few(columns: Sequence[str], items: Sequence[Facts], *, at_most: int) -> None:
    """A list beside some talk: a terminal is shown the first of it only."""
    shown = items[:at_most] if sys.stdout.isatty() else items
    if shown:
        many(columns, shown, json=False)
    if len(shown) < len(items):
        talk(f"... and {len(items) - len(shown):,} more; --json has them.")


def one(facts: Facts, *, json: bool) -> None:
    """Answer with one thing: its facts, and its lists of things each as a table of its own."""
    if json:
        _write(_document(facts, orjson.OPT_INDENT_2) + b"\n")
        return
    lists = {name: _items(value) for name, value in facts.items()}
    single = {name: value for name, value in facts.items() if lists[name] is None}
    if sys.stdout.isatty():
        _grid(single)
    else:
        for name, value in single.items():
            _line((name, plain(value)))
    for name, items in lists.items():
        if items and sys.stdout.isatty():
            _tables(list(items[0]), items, title=name)
        elif items:
            for item in items:
                _line([name, *map(plain, item.values())])


def talk(sentence: str) -> None:
    """Say something beside the answer, on stderr."""
    typer.echo(clean(sentence), err=True)


def plain(value: object) -> str:
    """A value as one cell: no tab, no line end, nothing that acts on a terminal."""
    match value:
        case {"scheme": scheme, "value": number}:
            return clean(f"{scheme}:{number}")
        case Mapping():
            return " ".join(f"{name}={plain(part)}" for name, part in value.items())
        case list() | tuple() | frozenset():
            return " ".join(plain(part) for part in value)
        case _ if is_dataclass(value) and not isinstance(value, type):
            return plain(asdict(value))
        case _:
            return _single(value)


def inert(cell: str) -> str:
    """The cell as no spreadsheet runs it: a company may be called anything.

    >>> print(inert("=1+1"), inert("@Home Freight"), inert("-5"), inert("Mine-Yours"))
    '=1+1 '@Home Freight -5 Mine-Yours
    >>> print(inert('"=1+1"'))
    '"=1+1"
    """
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _single(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        case _:
            return clean(str(value))


def _items(value: object) -> list[Facts] | None:
    """The items of a list of things that each have more than a scheme and a value, else None."""
    if not isinstance(value, list | tuple) or not value:
        return None
    items = [
        asdict(item) if is_dataclass(item) and not isinstance(item, type) else item
        for item in value
    ]
    things = all(isinstance(item, Mapping) and item.keys() != {"scheme", "value"} for item in items)
    return items if things else None


# -- for programs ----------------------------------------------------------------------------------


def _array(items: Iterable[Facts]) -> None:
    first = True
    for item in items:
        _write(b"[\n" if first else b",\n")
        _write(_document(item))
        first = False
    _write(b"[]\n" if first else b"\n]\n")


def _document(facts: Facts, option: int = 0) -> bytes:
    document = orjson.dumps(facts, default=_told, option=orjson.OPT_UTC_Z | option)
    # The same document, but safe to look at: what acts on a terminal can be written as an escape.
    return harmless(document) if sys.stdout.isatty() else document


def _told(value: object) -> object:
    if isinstance(value, frozenset):
        return sorted(value)
    raise TypeError(type(value).__name__)


def _line(cells: Iterable[str]) -> None:
    _write("\t".join(map(inert, cells)).encode(errors="backslashreplace") + b"\n")


def _write(data: bytes) -> None:
    """UTF-8 whatever the locale says: what is read by programs does not depend on it."""
    sys.stdout.buffer.write(data)


# -- for eyes --------------------------------------------------------------------------------------


def _tables(columns: Sequence[str], items: Iterable[Facts], *, title: str | None = None) -> None:
    console = Console(highlight=False)
    empty = True
    if title is not None:
        console.print(Text(f"\n{title.replace('_', ' ')}", style="bold"))
    for some in _chunks(items):
        empty = False
        console.print(
            _table(columns, [[plain(item[column]) for column in columns] for item in some])
        )
    if empty:
        talk("None.")


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """These rows, without columns that are empty in all of them: terminals are narrow."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    told = [n for n in range(len(columns)) if any(row[n] for row in rows)]
    for n in told:
        short = max(len(row[n]) for row in rows) <= SHORT
        table.add_column(columns[n].replace("_", " "), overflow="fold", no_wrap=short)
    for row in rows:
        # Text, not str: a name with brackets is a name, not markup.
        table.add_row(*(Text(row[n]) for n in told))
    return table


def _grid(facts: Facts) -> None:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, style="bold")
    grid.add_column(overflow="fold")
    for name, value in facts.items():
        grid.add_row(Text(name.replace("_", " ")), Text(plain(value)))
    Console(highlight=False).print(grid)


def _chunks(items: Iterable[Facts]) -> Iterator[Iterable[Facts]]:
    rest: Iterator[Any] = iter(items)
    for first in rest:
        yield chain([first], islice(rest, ROWS_A_TABLE - 1))
