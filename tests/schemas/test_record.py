"""A record is valid however it is made, and is the same record."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from schemas.errors import BadRecord
from schemas.identifiers import Identifier
from schemas.record import Record
from schemas.status import Status
from tests.schemas.drawn import REF

VALUES: dict[str, Any] = {
    "ref": REF,
    "version": 7,
    "name": "Invented Company 1, LLC",
    "identifiers": (Identifier("SCAC", "QXQQ"), Identifier("MID", "XOZZINV1TOR")),
    "status": Status.VALIDATED,
    "member_since": date(2014, 4, 7),
}
CHECKED = pytest.mark.parametrize(
    "made", [pytest.param(Record, id="constructed"), pytest.param(Record.heard, id="heard")]
)


def test_however_it_is_made_it_is_the_same():
    one, heard, kept = Record(**VALUES), Record.heard(**VALUES), Record.kept(**VALUES)

    assert one == heard == kept
    assert len({one, heard, kept}) == 1
    assert one.items_digest == heard.items_digest == kept.items_digest
    assert repr(one) == repr(heard) == repr(kept)


def test_a_name_of_two_lines_is_no_identifier():
    """A name may hold a line feed (P6): what follows it must not pass for an item of its own."""
    scac, mid = VALUES["identifiers"]
    named = VALUES | {"name": f"{VALUES['name']}\n{mid.scheme} {mid.value}", "identifiers": (scac,)}
    assert Record(**named).items_digest != Record(**VALUES).items_digest

    ending = VALUES | {"name": VALUES["name"] + "\n"}
    assert Record(**ending).items_digest != Record(**VALUES).items_digest


@CHECKED
@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("ref", REF[:-1] + "0", id="a mistyped ref"),
        pytest.param("ref", REF.lower(), id="a ref as people type it"),
        pytest.param("version", 0, id="version nought"),
        pytest.param("name", "", id="no name"),
        pytest.param("name", "\xa0\u200f", id="a name nobody sees"),
        pytest.param("name", "Nandu\u0303", id="a name in another form than NFC"),
        pytest.param("name", "x" * 501, id="an endless name"),
        pytest.param("name", "a\0b", id="a name that XML cannot say"),
        pytest.param("identifiers", (Identifier("SCAC", "QXQQ"),) * 2, id="a doubled identifier"),
    ],
)
def test_what_is_not_valid_is_no_record(made: Callable[..., Record], field: str, value: object):
    with pytest.raises(BadRecord):
        made(**(VALUES | {field: value}))


@CHECKED
def test_it_cannot_be_changed(made: Callable[..., Record]):
    record = made(**VALUES)

    with pytest.raises(AttributeError):
        record.name = "Another"  # type: ignore[misc]
