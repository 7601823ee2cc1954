"""What cannot be told to a partner, by the code of why: how many notices, partner by partner.

The codes are found by skipping from one to the next in the index of what is blocked, and each is
counted up to a bound: a million blocked notices of one code cost no more than a hundred thousand.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    bindparam,
    func,
    literal,
    select,
)

from gateway.views.count import Count, bound
from schemas.tables import agreements, pending

Causes = Mapping[str, Count]
"""By code; a code of which there are none is not there."""


def by_code(tx: Connection, *, only: str | None = None) -> dict[str, dict[str, Count]]:
    """Of every partner that has any, or of one."""
    most, whose = bound(only), {} if only is None else {"only": only}
    found: dict[str, dict[str, Count]] = {}
    for row in tx.execute(_ALL if only is None else _ONE, {"stop": most + 1, **whose}):
        found.setdefault(row.partner, {})[row.code] = Count.of(row.n, most)
    return found


def _counted(*those: ColumnElement[bool]) -> Select[Any]:
    mine, code = pending.c.partner, pending.c.blocked
    first = select(code).where(mine == agreements.c.partner, code.is_not(None))
    start = select(
        agreements.c.partner,
        first.order_by(mine, code).limit(1).correlate(agreements).scalar_subquery().label("code"),
    )
    codes = start.where(*those).cte("codes", recursive=True)
    further = select(code).where(mine == codes.c.partner, code > codes.c.code)
    codes = codes.union_all(
        select(
            codes.c.partner,
            further.order_by(mine, code).limit(1).correlate(codes).scalar_subquery(),
        ).where(codes.c.code.is_not(None))
    )
    some = (
        select(literal(1))
        .where(mine == codes.c.partner, code == codes.c.code, code.is_not(None))
        .limit(bindparam("stop", type_=Integer))
        .correlate(codes)
        .subquery()
    )
    counted = select(func.count()).select_from(some).scalar_subquery()
    return (
        select(codes.c.partner, codes.c.code, counted.label("n"))
        .where(codes.c.code.is_not(None))
        .order_by(codes.c.partner, codes.c.code)
    )


_ALL = _counted()
_ONE = _counted(agreements.c.partner == bindparam("only"))
