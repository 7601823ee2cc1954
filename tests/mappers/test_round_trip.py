"""The two promises of a mapper: what it says comes back as it was, and what it cannot say exactly
it refuses with a code."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappers import MAPPERS
from mappers.base import Mapper
from mappers.records import CHUNK, IDENTIFIERS_MAX
from schemas.codes import CODES
from schemas.errors import Unsayable
from schemas.identifiers import Identifier
from schemas.record import Record
from tests.mappers.material import (
    any_records,
    is_name,
    named,
    record,
    rows,
    sayable,
    spoken,
    there_and_back,
)

COLUMNS = ("name", "name_zh", "short_zh", "short_en", "name_ja", "name_kana", "name_en", "name_ko")


@pytest.mark.parametrize("programme", MAPPERS)
@given(said=any_records())
def test_any_record_survives_the_trip_or_is_refused(programme: str, said: Record):
    mapper = MAPPERS[programme]
    code = mapper.unsayable(said)

    if code is None:
        assert there_and_back(mapper, [said]) == [said]
    else:
        assert code in CODES
        assert code.startswith("MRX-21")
        with pytest.raises(Unsayable) as refused:
            mapper.write([said])
        assert refused.value.code == code


@pytest.mark.parametrize("programme", MAPPERS)
@given(data=st.data())
def test_sayable_records_survive_in_their_order(programme: str, data: st.DataObject):
    mapper = MAPPERS[programme]
    said = data.draw(st.lists(sayable(mapper), min_size=1, max_size=5))

    assert there_and_back(mapper, said) == said


def test_no_record_at_all_is_a_document(mapper: Mapper):
    assert there_and_back(mapper, []) == []


@pytest.mark.slow
def test_the_name_of_every_real_company_survives_or_is_refused(mapper: Mapper, shared: Path):
    published = {
        row[column]
        for file in sorted((shared / "data" / "names").glob("*.csv"))
        for row in rows(file)
        for column in COLUMNS
        if row.get(column)
    }
    records = named(sorted(published))
    said = [record for record in records if mapper.unsayable(record) is None]
    codes = {mapper.unsayable(record) for record in records} - {None}

    assert len(records) > 16_000
    assert there_and_back(mapper, said) == said
    # Only Korea publishes anything about names, and even it takes most of the world's.
    assert codes == ({"MRX-2101", "MRX-2102"} if mapper.PROGRAMME == "kr-aeo" else set())
    assert len(said) > 12_000


def test_naughty_strings_survive_or_are_refused(mapper: Mapper, shared: Path):
    strings = json.loads((shared / "data" / "naughty" / "blns.json").read_text(encoding="utf-8"))
    records = named([text for text in strings if is_name(text)])
    said = [record for record in records if mapper.unsayable(record) is None]

    assert len(said) > 250
    assert there_and_back(mapper, said) == said


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("tab\there", id="tab"),
        pytest.param("first line\nsecond line", id="line feed"),
        pytest.param("first line\rsecond line", id="carriage return"),
        pytest.param("first line\r\nsecond line", id="both"),
        pytest.param("\n  spaced out \t\r\n", id="white space at the ends"),
        pytest.param("a]]>b<![CDATA[c]]>", id="the end of a CDATA section"),
        pytest.param("<!-- Co. --> & <?php Sons ?>", id="mark-up"),
        pytest.param("&amp; &#65; &unknown;", id="references"),
        pytest.param("\"double\" and 'single' `marks`", id="quotation marks"),
        pytest.param("x" * 60, id="sixty characters"),
    ],
)
def test_an_awkward_name_survives_everywhere(mapper: Mapper, name: str):
    said = record(name=name)

    assert there_and_back(mapper, [said]) == [said]


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("no-break space\xa0", id="no-break space at the end"),
        pytest.param("\u200fבדיקה\u200e", id="directional marks"),
        pytest.param("zero\u200bwidth\u200djoined\ufeff", id="zero width"),
        pytest.param("next\x85line\u2028separator", id="other line ends"),
        pytest.param("𠮷野 \U0001f98a", id="beyond the basic plane"),
        pytest.param("Łódź Δοκιμή Тест שָׁלוֹם شركةـ", id="many scripts"),
        pytest.param("ＡＢＣ１２３ ﾃｽﾄ ㈱ ① ½", id="what NFKC would rewrite"),
        pytest.param("名" * 500, id="five hundred characters"),
    ],
)
def test_a_foreign_name_survives_wherever_no_character_set_is_known(mapper: Mapper, name: str):
    said = record(name=name)

    if mapper.PROGRAMME == "kr-aeo":
        assert mapper.unsayable(said) in {"MRX-2101", "MRX-2102"}
    else:
        assert there_and_back(mapper, [said]) == [said]


def test_every_identifier_of_the_document_survives_in_its_order(mapper: Mapper):
    said = record(identifiers=tuple(reversed(spoken(mapper))))

    assert there_and_back(mapper, [said]) == [said]


def test_a_member_may_have_no_identifier(mapper: Mapper):
    said = record(identifiers=())

    assert there_and_back(mapper, [said]) == [said]


@pytest.mark.parametrize(
    ("programme", "schemes"),
    [
        ("mx-neec", ("MX-CAAT", "SCAC")),
        ("ca-pip", ("CA-CARRIER", "SCAC")),
        ("il-aeo", ("IL-HP", "IL-IDNR")),
    ],
)
def test_codes_that_look_alike_keep_their_schemes(programme: str, schemes: tuple[str, str]):
    value = "599999992" if programme == "il-aeo" else "ZZZZ"
    said = record(identifiers=tuple(Identifier(scheme, value) for scheme in schemes))

    assert there_and_back(MAPPERS[programme], [said]) == [said]


def test_a_scheme_without_a_place_is_refused(mapper: Mapper):
    said = record(identifiers=(Identifier("SCAC", "QXQQ"), Identifier("JP-CORP", "9999999999990")))

    assert mapper.unsayable(said) == "MRX-2103"


def test_a_thousand_identifiers_are_said_and_one_more_is_refused(mapper: Mapper):
    many = tuple(Identifier("MID", f"MXZZINV{number}") for number in range(IDENTIFIERS_MAX))
    more = (*many, Identifier("SCAC", "QXQQ"))

    assert there_and_back(mapper, [record(identifiers=many)]) == [record(identifiers=many)]
    assert mapper.unsayable(record(identifiers=more)) == "MRX-2106"


def test_one_record_that_cannot_be_said_refuses_the_document(mapper: Mapper):
    bad = record(identifiers=(Identifier("JP-CORP", "9999999999990"),))
    records = [record()] * CHUNK + [bad, record()]

    with pytest.raises(Unsayable) as refused:
        mapper.write(records)

    assert refused.value.code == "MRX-2103"


def test_a_control_character_that_came_past_every_door_is_refused(mapper: Mapper):
    smuggled = record()
    object.__setattr__(smuggled, "name", "Imaginary\x01Freight")

    with pytest.raises(Unsayable) as refused:
        mapper.write([smuggled])

    assert refused.value.code == "MRX-2105"


def test_the_document_has_no_declaration_and_says_its_namespace(mapper: Mapper):
    written = mapper.write([record()])

    assert not written.startswith(b"<?xml")
    assert f'xmlns="urn:mrx:{mapper.PROGRAMME}:1.0"'.encode() in written.split(b">")[0]
    assert written.count(b"xmlns") == 1
