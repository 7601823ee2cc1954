"""What a module of rows gives."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bench.ground import Ground
from bench.row import Row


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that are measured together. `name` is what `--only` asks for."""

    name: str
    what: str
    run: Callable[[Ground], Iterable[Row]]
