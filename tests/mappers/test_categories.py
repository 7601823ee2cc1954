"""What kind of member a record is, where a programme's format says it: never one of the items."""

import pytest
from lxml import etree

from mappers import MAPPERS, neec, taiwan_aeo
from mappers.base import Mapper, Misread
from schemas.parse import parse
from schemas.ref import check_character
from tests.mappers.material import heard, record, there_and_back

REFS = [body + check_character(body) for body in (f"{n:011}" for n in range(4))]
SAID = {"mx-neec": (neec, "operador", "rubro"), "tw-aeo": (taiwan_aeo, "AEO", "grade")}


def marked(programme: str, *categories: str | None) -> etree._Element:
    """A document of records that say these categories; None says nothing."""
    mapper, element, attribute = SAID[programme]
    document = parse(mapper.write([record(ref=ref) for ref in REFS[: len(categories)]]))
    for one, category in zip(document, categories, strict=True):
        assert one.tag.endswith(f"}}{element}")
        if category is not None:
            one.set(attribute, category)
    return document


def test_taiwans_two_grades_are_told_apart_and_security_is_the_default():
    document = marked("tw-aeo", "AEOS", "AEOG", None)

    assert all(not isinstance(one, Misread) for one in taiwan_aeo.read(document))
    assert list(taiwan_aeo.categories(document).values()) == ["AEOS", "AEOG", "AEOS"]


def test_mexicos_parts_of_the_programme_are_told_apart_and_section_l_is_the_default():
    document = marked("mx-neec", "transportista", "agente", "otro", None)

    assert all(not isinstance(one, Misread) for one in neec.read(document))
    assert list(neec.categories(document).values()) == ["transportista", "agente", "otro", "L"]


@pytest.mark.parametrize("programme", SAID)
def test_a_category_nobody_knows_holds_back_the_record(programme: str):
    mapper, _, _ = SAID[programme]

    assert list(mapper.read(marked(programme, "AEOX"))) == [Misread(REFS[0], "MRX-2306")]


@pytest.mark.parametrize("programme", SAID)
def test_a_category_is_no_item_of_a_record(programme: str):
    mapper, _, _ = SAID[programme]
    other = {"mx-neec": "otro", "tw-aeo": "AEOG"}[programme]

    assert list(mapper.read(marked(programme, other))) == list(mapper.read(marked(programme, None)))


def test_our_own_documents_say_none(mapper: Mapper):
    written = mapper.write([record()])

    assert b"rubro" not in written
    assert b"grade" not in written
    assert there_and_back(mapper, [record()]) == [record()]


@pytest.mark.parametrize("programme", sorted(MAPPERS.keys() - SAID.keys()))
def test_other_formats_have_no_word_for_it(programme: str):
    mapper = MAPPERS[programme]

    assert mapper.categories(parse(mapper.write([record()]))) == {}
    assert heard(mapper, mapper.write([record()])) == [record()]
