"""Records of a CSV file with a header, as the same fields that the JSON form has.

An empty cell is an absent field; an empty `identifiers` cell is an empty list. Identifiers stand
as `scheme:value`, separated by spaces; `officer_title` (or `officer.title`) is the title of the
officer. Columns we do not know are dropped, and so is one called `officer`: it would hold a
person's name.
"""

from collections.abc import Callable, Iterator, Mapping

from gateway.intake.csv_records import Record, records
from gateway.intake.lines import Source, text
from gateway.intake.shape import Entry, Shape
from schemas.errors import BadRecord

_ALIASES = {"officer.title": "officer_title"}


def entries(source: Source, shape: Shape) -> Iterator[Entry]:
    """Read the header now and return the rows under it; raises `BadRecord` for the whole file.

    MRX-1007: a needed column is missing (also: there is no header). MRX-1003: a column of ours
    occurs twice. Or what makes the header itself unreadable: MRX-1001, 1004, 1005, 1006, 1008.
    """
    rows = records(source)
    first = next(rows, None)
    header = [] if first is None else [name.strip() for name in _texts(first)]
    header = [_ALIASES.get(name, name) for name in header]
    for name in shape.columns_needed:
        if name not in header:
            raise BadRecord("MRX-1007", column=name)
    for name in (*shape.columns_needed, *shape.columns_optional):
        if header.count(name) > 1:
            raise BadRecord("MRX-1003", column=name)
    columns = shape.columns_needed + shape.columns_optional
    return _entries(rows, [name if name in columns else None for name in header])


def _entries(rows: Iterator[Record], header: list[str | None]) -> Iterator[Entry]:
    account = header.index("account")
    for row in rows:
        try:
            cells = _texts(row)
        except BadRecord as fault:
            # Quotes and separators stood where they should, so the account is still in its place.
            fits = row.cells is not None and len(row.cells) == len(header)
            told = row.cells[account].decode("ascii", "replace") if fits and row.cells else None
            yield Entry(row.line, None, fault, told, 0, row.ended)
            continue
        if len(cells) != len(header):
            yield Entry(row.line, None, BadRecord("MRX-1006"), None, 0, row.ended)
            continue
        fields: dict[str, object] = {}
        dropped = 0
        for name, cell in zip(header, cells, strict=True):
            if name is None:
                dropped += cell != ""
            elif cell or name == "identifiers":
                field, read = _READ.get(name, (name, str))
                fields[field] = read(cell)
        yield Entry(row.line, fields, None, None, dropped, row.ended)


def _texts(row: Record) -> list[str]:
    if row.cells is None:
        assert row.code is not None, "a record has cells or a code"
        raise BadRecord(row.code)
    return [text(cell) for cell in row.cells]


def _identifiers(cell: str) -> list[dict[str, str]]:
    """Parts of a cell; a part without a colon has no value, and is judged as such.

    >>> _identifiers("SCAC:ABCD  EU-EORI")
    [{'scheme': 'SCAC', 'value': 'ABCD'}, {'scheme': 'EU-EORI', 'value': ''}]
    """
    parts = (part.partition(":") for part in cell.split(" ") if part)
    return [{"scheme": scheme, "value": value} for scheme, _, value in parts]


def _officer(cell: str) -> dict[str, str]:
    return {"title": cell}


_READ: Mapping[str, tuple[str, Callable[[str], object]]] = {
    "identifiers": ("identifiers", _identifiers),
    "officer_title": ("officer", _officer),
}
