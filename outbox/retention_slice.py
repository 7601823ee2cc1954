"""How a rule of retention finds rows: so many entries of an index at a time, in its order.

    index --behind the cursor, before the cutoff, at most so many--> candidates --state--> due or not

What one statement reads has a bound, however many rows are old and may not go.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Table,
    and_,
    bindparam,
    case,
    func,
    literal,
    select,
    text,
    tuple_,
)

from schemas.tables import Big, Moment

BEFORE: Final = bindparam("before", type_=Moment())
MOST: Final = bindparam("most", type_=Big)
Erase = Callable[[Connection, Sequence[Row[Any]], datetime], None]


@dataclass(frozen=True, slots=True)
class Way:
    """How one rule finds and erases. `slice` gives the keys, the moment `at`, and whether a row is
    `due`, and its `size`; `keys` are the columns' names, in the order of the index behind `at`.
    """

    keys: tuple[str, ...]
    slice: Select[Any]
    erase: Erase

    @property
    def total(self) -> Select[Any]:
        looked = self.slice.subquery()
        due = looked.c.due == 1
        return select(
            func.count().label("looked"),
            func.coalesce(func.sum(case((due, 1), else_=0)), 0).label("rows"),
            func.coalesce(func.sum(case((due, looked.c.size), else_=0)), 0).label("bytes"),
            func.min(case((due, looked.c.at)), type_=Moment()).label("oldest"),
            func.max(case((due, looked.c.at)), type_=Moment()).label("newest"),
        )


def _behind(table: Table, at: ColumnElement[Any], keys: Sequence[str]) -> ColumnElement[bool]:
    """The part of an index behind the cursor, up to the cutoff."""
    columns = [at, *(table.c[key] for key in keys)]
    cursor = [
        bindparam(f"after_{name}", type_=column.type)
        for name, column in zip(("at", *keys), columns, strict=True)
    ]
    return and_(at < BEFORE, tuple_(*columns) > tuple_(*cursor))


def slice_of(
    table: Table,
    at: ColumnElement[Any],
    keys: tuple[str, ...],
    condition: str,
    *carried: str,
    size: ColumnElement[int] | None = None,
) -> Any:
    """So many entries of an index, as a table. The condition is the index's own, word by word:
    SQLite matches a partial index when it prepares the statement. The size is taken here, so that
    no file is copied.
    """
    columns = [table.c[name] for name in (*keys, *carried)]
    measured = func.coalesce(literal(0) if size is None else size, 0).label("size")
    query = (
        select(at.label("at"), *columns, measured)
        .where(text(condition), _behind(table, at, keys))
        .order_by(at, *(table.c[key] for key in keys))
        .limit(MOST)
    )
    return query.subquery("candidates")


def looked(
    candidates: Any, keys: Sequence[str], due: ColumnElement[bool], *more: ColumnElement[Any]
) -> Select[Any]:
    return select(
        candidates.c.at,
        *(candidates.c[key] for key in keys),
        case((due, 1), else_=0).label("due"),
        candidates.c.size,
        *more,
    ).order_by(candidates.c.at, *(candidates.c[key] for key in keys))


def there_is(mine: ColumnElement[bool], *those: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether there is such a row. OFFSET keeps PostgreSQL from reading a whole table into a hash
    instead of asking an index for each candidate.
    """
    return select(literal(1)).where(mine, *those).offset(0).exists()
