"""A name is kept in NFC and otherwise as published, or refused with the reason."""

import csv
import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import name
from schemas.errors import BadRecord
from schemas.parse import parse
from schemas.text import encoded, escape
from tests.schemas.drawn import outcome

KEPT = [
    "ＡＢＣ貿易", "㈜시험", "㈱テスト", "①Ⅳ½", "ﾃｽﾄ",  # NFKC would rewrite each
    " spaces \xa0\u3000 ", "\tx\r\n", "x\x85y\u2028z", 'בדיקה תעשיות בע"מ', "בדיקה" + "\u200f",
    "H&E <]]>", "髙島", "𠮷野", "شركةـ", "\ufeffx", "x\x7f", "x" * 500, "𠮷" * 500,
]  # fmt: skip


@pytest.mark.parametrize("text", KEPT)
def test_every_character_is_kept(text: str):
    assert name.parse(text) == text


def test_only_the_normal_form_changes():
    assert name.parse("N\u0303AND\u00da") == "ÑANDÚ"
    assert name.parse("\u1109\u1175\u1112\u1165\u11b7") == "시험"


@pytest.mark.parametrize(
    "text", ["", " ", "\t\r\n", "\xa0\u3000\u2003", "\u200b\ufeff", "\x85", "\xad"]
)
def test_what_a_person_cannot_see_is_no_name(text: str):
    with pytest.raises(BadRecord) as refused:
        name.parse(text)
    assert refused.value.code == "MRX-1102"


@pytest.mark.parametrize(
    "text",
    [
        "\ue000",
        "\uf8ff\ue123",
        "\U00031350\U000323af",
        "\U0002ebf0",
        "\U0001fae8",
        "\ufdd0",
        "!",
        "\u0301",
    ],
)
def test_a_letter_that_this_python_does_not_know_is_no_blank(text: str):
    """Letters are added every year, and a company's own may stand in the private area (Big5)."""
    assert name.parse(text) == text


@pytest.mark.parametrize("character", ["\x00", "\x0b", "\x1f", "\ufffe", "\uffff"])
def test_what_xml_cannot_carry_is_refused(character: str):
    with pytest.raises(BadRecord) as refused:
        name.parse(f"PLANTED{character}")
    assert refused.value.code == "MRX-1104"
    assert "PLANTED" not in str(refused.value)


@pytest.mark.parametrize("text", ["x\ud800", "\udfff", "\ud83e\udd8a"])
def test_a_lone_surrogate_has_a_code_of_its_own(text: str):
    with pytest.raises(BadRecord) as refused:
        name.parse(text)
    assert refused.value.code == "MRX-1004"


def test_501_characters_are_too_many_after_normalisation():
    assert len(name.parse("n\u0303" * 500)) == 500
    with pytest.raises(BadRecord) as refused:
        name.parse("x" * 501)
    assert (refused.value.code, refused.value.facts) == ("MRX-1103", {"limit": 500})


@given(st.text(max_size=520))
def test_any_text_is_a_name_that_stays_itself_or_is_refused(text: str):
    refused = outcome(lambda: name.parse(text))

    assert (refused and refused.code) in (None, "MRX-1102", "MRX-1103", "MRX-1104", "MRX-1004")
    if refused is None:
        parsed = name.parse(text)
        assert parsed == unicodedata.normalize("NFC", text)
        assert name.parse(parsed) == parsed
        assert parse(encoded(f"<a>{escape(parsed)}</a>")).text == parsed


def test_every_real_name_is_a_name(shared: Path):
    for file in sorted((shared / "data/names").glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                published = row.get("name") or row.get("name_zh") or row.get("name_ja")
                published = published or row["name_ko"]
                assert name.parse(published) == unicodedata.normalize("NFC", published)


def test_every_naughty_string_is_a_name_or_has_a_code(shared: Path):
    strings = json.loads((shared / "data/naughty/blns.json").read_text(encoding="utf-8"))
    refusals = [outcome(lambda text=text: name.parse(text)) for text in strings]
    codes = [refused and refused.code for refused in refusals]

    assert set(codes) <= {None, "MRX-1102", "MRX-1103", "MRX-1104"}
    assert codes.count(None) > 480
