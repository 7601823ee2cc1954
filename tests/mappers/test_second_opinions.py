"""Other programs on our documents: the xmllint a partner will run, and a second XSD engine."""

import subprocess
from pathlib import Path

import pytest
import xmlschema

from mappers.base import Mapper
from schemas.status import Status
from tests.mappers.material import XSD, named, record, spoken
from tests.tools import tool


@pytest.fixture(scope="module")
def xmllint() -> str:
    return tool("xmllint")


def written(mapper: Mapper) -> bytes:
    """A document with every status, every kind and awkward names."""
    records = [record(status=status) for status in Status]
    records += [record(identifiers=spoken(mapper)), record(identifiers=())]
    records += named(
        ["<&>\"' ]]>", "\t tab \r\n", "ÑANDÚ", "測試", "בדיקה בע״מ", "㈜시험", "\U0001f98a"]
    )
    return mapper.write([said for said in records if mapper.unsayable(said) is None])


def lint(xmllint: str, mapper: Mapper, document: bytes, folder: Path) -> int:
    file = folder / "document.xml"
    file.write_bytes(document)
    xsd = XSD / f"{mapper.FORMAT}.xsd"
    command = [xmllint, "--noout", "--nonet", "--schema", xsd, file]
    return subprocess.run(command, check=False, capture_output=True, timeout=60).returncode


@pytest.mark.second_opinion
def test_xmllint_takes_what_is_written(mapper: Mapper, xmllint: str, tmp_path: Path):
    assert lint(xmllint, mapper, written(mapper), tmp_path) == 0
    assert lint(xmllint, mapper, mapper.write([]), tmp_path) == 0


@pytest.mark.second_opinion
def test_xmllint_refuses_what_is_not_ours(mapper: Mapper, xmllint: str, tmp_path: Path):
    spoilt = written(mapper).replace(record().ref.encode(), b"not-a-ref")

    assert lint(xmllint, mapper, spoilt, tmp_path) == 3


@pytest.mark.second_opinion
def test_a_second_engine_judges_alike(mapper: Mapper):
    engine = xmlschema.XMLSchema10(XSD / f"{mapper.FORMAT}.xsd", allow="local", defuse="always")
    document = written(mapper).decode()

    assert engine.is_valid(document)
    assert engine.is_valid(mapper.write([]).decode())
    assert not engine.is_valid(document.replace(record().ref, "not-a-ref"))
    assert not engine.is_valid(document.replace('="MID"', '="EU-EORI"'))
