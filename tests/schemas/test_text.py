"""What is written as text comes back from a parser as it went, or is not written."""

import csv
import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import etree

from schemas import name as names
from schemas.errors import BadRecord, Unsayable
from schemas.parse import parse
from schemas.text import encoded, escape, escaped, legal, quoted
from tests.schemas.drawn import outcome, texts

AWKWARD = "\t \n\r\n\r \x85\u2028\u2029\xa0\u3000\ufeff\u200b ]]> & < > \" ' &amp; &#13; <!-- -->"


def there_and_back(text: str) -> tuple[str | None, str | None]:
    element = parse(encoded(f"<a b={quoted(text)}>{escape(text)}</a>"))
    return element.text or "", element.get("b")


@given(texts)
@example(AWKWARD)
@example("")
def test_any_text_survives_in_an_element_and_in_an_attribute(text: str):
    assert there_and_back(text) == (text, text)


@given(texts)
@example(AWKWARD)
def test_written_text_is_the_tree_that_a_library_would_have_built(text: str):
    built = etree.Element("a", b=text)
    built.text = text
    written = parse(encoded(f"<a b={quoted(text)}>{escape(text)}</a>"))

    assert etree.tostring(written, method="c14n2") == etree.tostring(built, method="c14n2")


def test_every_real_name_survives(shared: Path):
    count = 0
    for file in sorted((shared / "data/names").glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as lines:
            said = [cell for row in csv.reader(lines) for cell in row]
        document = "".join([f"<a b={quoted(cell)}>{escape(cell)}</a>" for cell in said])
        heard = parse(encoded(f"<names>{document}</names>"))

        assert [element.text or "" for element in heard] == said
        assert [element.get("b") for element in heard] == said
        count += len(said)
    assert count > 40_000


def test_every_naughty_string_survives_or_is_no_name_and_cannot_be_said(shared: Path):
    strings = json.loads((shared / "data/naughty/blns.json").read_text(encoding="utf-8"))
    unsaid = 0
    for text in strings:
        if names.NOT_XML.search(text) is None:
            assert there_and_back(text) == (text, text)
            continue
        unsaid += 1
        with pytest.raises(BadRecord):
            names.parse(text)
        with pytest.raises(Unsayable):
            encoded(escape(text))
    assert len(strings) == 515
    assert unsaid == 6  # controls, terminal escapes, and U+FFFE


@given(st.characters())
@example("\ufffe")
@example("\uffff")
@example("\ud800")
@example("\x00")
@example("\x7f")
@example("\x85")
def test_what_can_be_written_is_what_xml_has_and_what_a_name_may_hold(character: str):
    refused = outcome(lambda: encoded(escape(character)))

    assert (refused and refused.code) == ("MRX-2105" if names.NOT_XML.search(character) else None)


def test_a_bare_carriage_return_is_not_legal_because_it_would_come_back_as_a_line_feed():
    assert not legal(b"a\rb")
    assert legal(escape("a\rb").encode())
    assert parse(b"<a>a\rb</a>").text == "a\nb"


def test_an_error_repeats_nothing_of_the_text():
    with pytest.raises(Unsayable) as refused:
        encoded("ACME\x01")
    assert "ACME" not in str(refused.value)
    assert refused.value.__context__ is None


@given(st.lists(texts, max_size=5))
@example([])
@example(["", ""])
@example([AWKWARD, "\r\n", ""])
def test_many_texts_are_escaped_as_each_is_alone(several: list[str]):
    assert escaped(several) == [escape(text) for text in several]


@pytest.mark.parametrize("bad", ["\0", "a\0b", "\x01", "\x7f\x1f", "\ufffe", "\uffff", "\ud800"])
def test_one_text_that_xml_cannot_say_refuses_all(bad: str):
    for place in range(3):
        several = ["First", "Second"]
        several.insert(place, bad)
        with pytest.raises(Unsayable) as refused:
            escaped(several)
        assert refused.value.code == "MRX-2105"
