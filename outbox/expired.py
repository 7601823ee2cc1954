"""Rows whose term is over: found slice by slice in the order of an index, and erased.

    candidates --a slice behind a cursor--> looked at --state allows it--> due --erase--> stripped
                                                 '----else----> passed over, until the next run

A slice is so many entries of the index, whether they are due or not: what one statement reads has a
bound, however many rows are old and may not go. `look` and `erase` are given the same slice in one
write transaction, so that nothing changes its state between them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row

from outbox import expired_facts, expired_files
from outbox.retention_slice import Way
from schemas.tables import Moment, stored

_FIRST: Final[Mapping[str, Any]] = {
    **dict.fromkeys(("batch_id", "issue", "number"), 0),
    **dict.fromkeys(("digest", "ref", "account", "id", "partner", "kind", "epoch"), ""),
}


WAYS: Final[Mapping[str, Way]] = {
    "batch files": expired_files.of_batch_files(),
    "receipt files": expired_files.of_receipt_files(),
    "inbound files": expired_files.of_inbound_files(),
    "told numbers": expired_facts.of_told_numbers(),
    "former members": expired_facts.of_former_members(),
    "consents": expired_facts.of_consents(),
    "pushes": expired_files.of_pushes(),
}
"""How each rule of `outbox.retention` is carried out."""


@dataclass(frozen=True, slots=True)
class Total:
    """How much is due: rows, bytes, and the moments of the oldest and the newest of them. `more`:
    there was more to look at than was looked at.
    """

    rows: int
    bytes: int
    oldest: datetime | None
    newest: datetime | None
    more: bool = False


def look(
    tx: Connection, rule: str, *, before: datetime, after: Sequence[Any], most: int
) -> Sequence[Row[Any]]:
    """The next slice behind a cursor ([] at the beginning): at most so many rows, in order, each
    with `due` and `size`. Fewer: it is the last.
    """
    way = WAYS[rule]
    return tx.execute(way.slice, _params(way, before, after, most)).all()


def place(rule: str, row: Row[Any]) -> list[Any]:
    """The cursor behind a row."""
    return [stored(row.at), *(getattr(row, key) for key in WAYS[rule].keys)]


def erase(tx: Connection, rule: str, rows: Sequence[Row[Any]], *, now: datetime) -> None:
    """Erase these rows of a slice; all of them are due."""
    if rows:
        WAYS[rule].erase(tx, rows, now)


def total(tx: Connection, rule: str, *, before: datetime, most: int) -> Total:
    """How much is due among the first `most` candidates."""
    way = WAYS[rule]
    row = tx.execute(way.total, _params(way, before, [], most)).one()
    return Total(row.rows, int(row.bytes), row.oldest, row.newest, more=row.looked >= most)


def _params(way: Way, before: datetime, after: Sequence[Any], most: int) -> Mapping[str, Any]:
    at, *keys = after or [0, *(_FIRST[key] for key in way.keys)]
    found = {f"after_{key}": value for key, value in zip(way.keys, keys, strict=True)}
    since = moment(at)
    return {**found, "after_at": since, "before": before, "before_day": before.date(), "most": most}


def moment(microseconds: int) -> datetime:
    """A moment as a run keeps it: microseconds since 1970, UTC."""
    found = Moment().process_result_value(microseconds, None)  # type: ignore[arg-type]
    assert found is not None, "a number is a moment"
    return found
