"""What the outbox reads of its own bytes before they leave: every ref and its version (P6)."""

import pytest

from mappers.base import Mapper
from schemas.errors import BadDocument
from schemas.parse import parse
from tests.mappers.material import named, record

GOOD = named(["First, Inc.", "Second, Inc."])


def test_every_record_is_told_in_order(mapper: Mapper):
    records = [*GOOD, record(version=10**18 - 1)]

    assert mapper.told(parse(mapper.write(records))) == [(r.ref, r.version) for r in records]


def test_an_empty_document_tells_nothing(mapper: Mapper):
    assert mapper.told(parse(mapper.write([]))) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("<RECORD><REF>", "<RECORD><other/><REF>", id="something before the ref"),
        pytest.param("<RECORD>", "<RECORD/><RECORD>", id="an empty record"),
        pytest.param("<RECORD>", "<other/><RECORD>", id="something between records"),
        pytest.param("</REF><VERSION>", "</REF><other/><VERSION>", id="something between"),
        pytest.param("<VERSION>1", "<VERSION>one", id="a version in words"),
        pytest.param("<VERSION>1", "<VERSION>", id="an empty version"),
        pytest.param("<VERSION>1", "<VERSION>" + "1" * 5_000, id="an endless version"),
        pytest.param("<VERSION>1", "<VERSION>１", id="a version in full-width digits"),
        pytest.param("<REF>", "<REF>0", id="a ref that is too long"),
        pytest.param("</REF>", "</REF><REF>7ZKQ3M9RTW4R</REF>", id="a second ref"),
        pytest.param("<RECORD>", "text<RECORD>", id="text between records"),
        pytest.param("<RECORD>", '<RECORD xmlns="urn:other">', id="another namespace"),
    ],
)
def test_a_document_that_does_not_match_tells_nothing(mapper: Mapper, old: str, new: str):
    for word, tag in (
        ("RECORD", mapper.LAYOUT.record),
        ("REF", mapper.LAYOUT.ref),
        ("VERSION", mapper.LAYOUT.version),
    ):
        old, new = old.replace(word, tag), new.replace(word, tag)
    written = mapper.write(GOOD).decode()
    assert old in written

    with pytest.raises(BadDocument) as refused:
        mapper.told(parse(written.replace(old, new, 1).encode()))

    assert refused.value.code == "MRX-2305"
