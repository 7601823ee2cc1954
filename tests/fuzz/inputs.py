"""Pushes: lines of JSON, read the short way and the long one, and tables."""

import io
from collections.abc import Callable, Mapping
from typing import Any

from gateway.intake.members import read_member
from gateway.intake.reading import Rejected, Tally, read
from gateway.intake.shape import CONSENTS, MEMBERS, Shape
from schemas import name as names
from tests.gateway.intake.two_ways import (
    EVERY,
    PLAIN_GRANT,
    PLAIN_OF_EVERY_SCHEME,
    TODAY,
    ends,
    grant,
    member,
)

Fields = Mapping[str, object]


def members(data: bytes) -> None:
    """Both ways of a member end alike."""
    ends(data, MEMBERS, lambda fields: member(fields, EVERY), PLAIN_OF_EVERY_SCHEME)
    _read(data, "ndjson", MEMBERS, _member)


def consents(data: bytes) -> None:
    """Both ways of a consent end alike."""
    ends(data, CONSENTS, grant, PLAIN_GRANT)
    _read(data, "ndjson", CONSENTS, grant)


def tables(data: bytes) -> None:
    """A CSV file of members, and of consents, however it is quoted."""
    _read(data, "csv", MEMBERS, _member)
    _read(data, "csv", CONSENTS, grant)


def _member(fields: Fields) -> Any:
    found, warnings = read_member(fields, schemes=EVERY, today=TODAY)
    assert names.parse(found.name) == found.name
    return found, warnings


def _read(data: bytes, form: Any, shape: Shape, take: Callable[[Fields], Any]) -> None:
    """Every line is told once, in order, as taken or rejected."""
    tally = Tally()
    found = list(read(io.BytesIO(data), format=form, shape=shape, take=take, tally=tally))
    told = [one.line for one in found]
    assert told == sorted(set(told))
    assert not told or told[-1] <= data.count(b"\n") + 1
    assert all(one.code.startswith("MRX-1") for one in found if isinstance(one, Rejected))
    assert tally.bytes <= len(data)
