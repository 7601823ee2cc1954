"""Code tables are complete, one to one, and written down where a partner looks."""

import hashlib
from pathlib import Path

import pytest
from lxml import etree

from mappers import MAPPERS
from mappers.base import Mapper
from schemas.programme import PROGRAMMES
from schemas.status import Status
from schemas.text import escape
from tests.mappers.material import XSD, record, there_and_back

GOLDEN = Path(__file__).parent / "golden"
XS = "{http://www.w3.org/2001/XMLSchema}"
CHARSETS = {"mx-neec": "latin-1", "ca-pip": "latin-1", "tw-aeo": "big5", "il-aeo": "iso8859_8"}


def words(programme: str, file: str) -> str:
    """The text of a file of this format, its line breaks undone."""
    text = (XSD / programme / file).read_text(encoding="utf-8")
    return " ".join(text.split())


def test_every_foreign_programme_has_a_mapper():
    assert set(MAPPERS) == set(PROGRAMMES) - {"us-ctpat"}


def test_a_mapper_stands_under_its_own_programme():
    assert all(programme == mapper.PROGRAMME for programme, mapper in MAPPERS.items())


def test_every_format_has_an_xsd_a_source_and_a_golden_pair(mapper: Mapper):
    assert f"{mapper.PROGRAMME}/1.0" == mapper.FORMAT
    assert (XSD / f"{mapper.FORMAT}.xsd").is_file()
    assert (XSD / mapper.PROGRAMME / "SOURCE.md").is_file()
    assert (GOLDEN / f"{mapper.PROGRAMME}.json").is_file()
    assert (GOLDEN / f"{mapper.PROGRAMME}.xml").is_file()


def test_the_source_has_the_hash_of_the_xsd(mapper: Mapper):
    """A published version never changes unseen; `sha256sum schemas/xsd/*/1.0.xsd` shows the new."""
    digest = hashlib.sha256((XSD / f"{mapper.FORMAT}.xsd").read_bytes()).hexdigest()

    assert digest in words(mapper.PROGRAMME, "SOURCE.md")


def test_every_row_of_a_source_has_its_mark(mapper: Mapper):
    source = (XSD / mapper.PROGRAMME / "SOURCE.md").read_text(encoding="utf-8")
    rows = [line.split(" | ") for line in source.splitlines() if line.startswith("| ")]
    rows = [row for row in rows if len(row) >= 4 and not row[0].startswith("| ---")]
    marks = ("confirmed", "secondary", "inferred", "recalled", "ours")

    assert len(rows) > 20
    assert [r for r in rows if r[-2] != "mark" and not any(m in r[-2] for m in marks)] == []


def test_every_element_type_and_word_of_an_xsd_is_documented(mapper: Mapper):
    schema = etree.parse(XSD / f"{mapper.FORMAT}.xsd").getroot()
    named = [
        node
        for node in schema.iter(
            f"{XS}element", f"{XS}attribute", f"{XS}enumeration", f"{XS}simpleType"
        )
        if node.get("name") or node.get("value")
    ]

    assert len(named) > 12
    for node in named:
        said = node.findtext(f"{XS}annotation/{XS}documentation")
        assert said, node.get("name")
        assert said.strip()


def test_an_xsd_takes_ascii_digits_only(mapper: Mapper):
    schema = etree.parse(XSD / f"{mapper.FORMAT}.xsd").getroot()
    patterns = [node.get("value") for node in schema.iter(f"{XS}pattern")]

    assert patterns
    assert not any("\\" in pattern for pattern in patterns)


def test_no_type_of_an_xsd_changes_white_space(mapper: Mapper):
    schema = etree.parse(XSD / f"{mapper.FORMAT}.xsd").getroot()

    assert {node.get("base") for node in schema.iter(f"{XS}restriction")} == {"xs:string"}
    assert list(schema.iter(f"{XS}whiteSpace")) == []


def test_each_status_has_a_word_of_its_own(mapper: Mapper):
    assert set(mapper.STATUS_WORDS) == set(Status)
    assert len(set(mapper.STATUS_WORDS.values())) == len(Status)
    assert all(word == escape(word.strip()) for word in mapper.STATUS_WORDS.values())


@pytest.mark.parametrize("status", Status)
def test_each_status_comes_back(mapper: Mapper, status: Status):
    assert there_and_back(mapper, [record(status=status)]) == [record(status=status)]


def test_status_words_stand_in_the_xsd_and_in_the_source(mapper: Mapper):
    for status, word in mapper.STATUS_WORDS.items():
        assert f"{word} ({status}" in words(mapper.PROGRAMME, "1.0.xsd")
        assert f"| {status} | {word} |" in words(mapper.PROGRAMME, "SOURCE.md")


def test_status_words_fit_the_character_set_behind_the_partners_systems(mapper: Mapper):
    charset = CHARSETS.get(mapper.PROGRAMME, "cp949")

    for word in mapper.STATUS_WORDS.values():
        assert word.encode(charset).decode(charset) == word


def test_a_document_has_a_place_for_its_own_members_and_for_those_of_ctpat(mapper: Mapper):
    own = PROGRAMMES[mapper.PROGRAMME].schemes
    ours = PROGRAMMES["us-ctpat"].schemes

    assert set(mapper.KINDS) == own | ours
    assert len(set(mapper.KINDS.values())) == len(mapper.KINDS)


def test_kinds_are_those_of_the_xsd_and_of_the_source(mapper: Mapper):
    schema = etree.parse(XSD / f"{mapper.FORMAT}.xsd").getroot()

    category = "" if mapper.LAYOUT.category is None else mapper.LAYOUT.category[0]
    kinds = {
        word.get("value")
        for kind in schema.iterfind(f"{XS}simpleType")
        if kind.get("name") != category
        for word in kind.iter(f"{XS}enumeration")
    }
    assert kinds == set(mapper.KINDS.values())
    for scheme, kind in mapper.KINDS.items():
        assert f"| {scheme} | `{kind}` |" in words(mapper.PROGRAMME, "SOURCE.md")
