"""Documents that are not what they should be: each ends in a code, soon, and costs no other
record."""

import time
from itertools import islice

import pytest
from lxml import etree

from mappers import MAPPERS
from mappers.base import Mapper, Misread
from mappers.records import MISREADS_MAX
from schemas.errors import BadDocument
from schemas.parse import parse
from tests.mappers.material import heard, named, record

GOOD = named(["Before, Inc.", "Between, Inc.", "After, Inc."])
XSI = "http://www.w3.org/2001/XMLSchema-instance"


def field(mapper: Mapper, number: int) -> bytes:
    """The start tag of one field of the one record of a document."""
    tag = etree.QName(parse(mapper.write([record()]))[0][number]).localname
    return f"<{tag}>".encode()


def spoilt(mapper: Mapper, old: bytes, new: bytes) -> bytes:
    """Three records, the second with `new` in the place of `old`."""
    lines = mapper.write(GOOD).splitlines(keepends=True)
    assert old in lines[2]
    lines[2] = lines[2].replace(old, new, 1)
    return b"".join(lines)


def bad(mapper: Mapper, written: bytes) -> None:
    with pytest.raises(BadDocument) as refused:
        heard(mapper, written)
    assert refused.value.code == "MRX-2305"
    assert mapper.write(GOOD)  # and the next document is served as before


# -- the envelope ----------------------------------------------------------------------------------


@pytest.mark.parametrize("between", ["text", "\xa0", "&#160;", "<![CDATA[x]]>", "\u2028"])
def test_text_between_records_refuses_the_document(mapper: Mapper, between: str):
    lines = mapper.write(GOOD).decode().splitlines()

    for place in (1, 2, len(lines) - 1):
        changed = [*lines[:place], between, *lines[place:]]
        bad(mapper, "\n".join(changed).encode())


@pytest.mark.parametrize("space", ["", " ", "\n\n\t", "\r\n", "&#13;&#10;"])
def test_white_space_between_records_is_nothing(mapper: Mapper, space: str):
    written = mapper.write(GOOD).decode().replace("\n", space)

    assert heard(mapper, written.encode()) == GOOD


@pytest.mark.parametrize("element", ["<x/>", "<x xmlns='urn:other'/>", "<x xmlns=''/>"])
def test_a_foreign_element_between_records_refuses_the_document(mapper: Mapper, element: str):
    lines = mapper.write(GOOD).decode().splitlines()

    for place in (1, 2, len(lines) - 1):
        bad(mapper, "\n".join([*lines[:place], element, *lines[place:]]).encode())


def test_a_record_of_another_namespace_refuses_the_document(mapper: Mapper):
    tag = f"<{mapper.LAYOUT.record}>".encode()

    bad(mapper, spoilt(mapper, tag, tag[:-1] + b' xmlns="urn:other">'))


def test_a_record_without_its_document_is_refused(mapper: Mapper):
    with pytest.raises(BadDocument):
        list(mapper.read(parse(mapper.write(GOOD))[0]))


def test_the_document_of_another_programme_is_refused(mapper: Mapper):
    for other in MAPPERS.values():
        if other is not mapper:
            bad(mapper, other.write(GOOD))
            bad(mapper, other.write([]))


@pytest.mark.parametrize("attribute", [b'id="1"', b'xml:space="preserve"', b'xmlns:a="u" a:b="c"'])
def test_an_attribute_of_the_root_refuses_the_document(mapper: Mapper, attribute: bytes):
    bad(mapper, mapper.write(GOOD).replace(b" xmlns", b" " + attribute + b" xmlns", 1))


def test_a_schema_location_is_allowed_and_not_followed(mapper: Mapper):
    place = f' xmlns:xsi="{XSI}" xsi:schemaLocation="urn:x file:///nowhere.xsd" xmlns'
    written = mapper.write(GOOD).replace(b" xmlns", place.encode(), 1)

    assert heard(mapper, written) == GOOD


def test_a_prefix_changes_nothing(mapper: Mapper):
    written = mapper.write(GOOD).decode().replace(" xmlns=", " xmlns:p=")
    written = written.replace("</", "\0").replace("<", "<p:").replace("\0", "</p:")

    assert heard(mapper, written.encode()) == GOOD


def test_comments_and_cdata_sections_are_no_part_of_a_name(mapper: Mapper):
    name = b"Between, Inc."
    written = spoilt(mapper, name, b"Betw<!-- x -->een<![CDATA[, Inc]]><?x y?>.")

    assert heard(mapper, written) == GOOD


def test_a_document_inside_another_is_read_as_if_alone(mapper: Mapper):
    wrapped = b"<batch>before" + mapper.write(GOOD) + b"after<more/></batch>"

    assert list(mapper.read(parse(wrapped)[0])) == GOOD


def test_reading_leaves_the_document_as_it_was(mapper: Mapper):
    document = parse(mapper.write(GOOD))
    before = etree.tostring(document)

    assert list(mapper.read(document)) == list(mapper.read(document)) == GOOD
    assert etree.tostring(document) == before


# -- one bad record --------------------------------------------------------------------------------

SHAPES = [
    (0, b"lower case ref", b"7zkq3m9rtw4r"),
    (0, b"a ref with a letter nobody uses", b"7ZKQ3M9RTW4U"),
    (0, b"an empty ref", b""),
    (1, b"version nought", b"0"),
    (1, b"a version with a leading nought", b"01"),
    (1, b"a version of nineteen digits", b"1" * 19),
    (1, b"full-width digits", "１".encode()),
    (1, b"Arabic-Indic digits", "١".encode()),
    (1, b"a negative version", b"-1"),
    (1, b"white space around a version", b" 1 "),
    (2, b"an empty name", b""),
    (2, b"a name of 501 characters", b"x" * 501),
    (2, b"an element in a name", b"a<b/>c"),
    (4, b"an empty identifier", b""),
    (5, b"an empty status", b""),
    (6, b"words for a date", b"yesterday"),
    (6, b"an empty date", b""),
]


@pytest.mark.parametrize(
    ("number", "text"),
    [(number, text) for number, _, text in SHAPES],
    ids=[title.decode() for _, title, _ in SHAPES],
)
def test_a_record_that_does_not_match_is_misread_alone(mapper: Mapper, number: int, text: bytes):
    document = parse(mapper.write(GOOD))
    inside = (document[1][number].text or "").encode()
    opening = field(mapper, number) if number != 4 else b'="MID">'
    written = spoilt(mapper, opening + inside + b"<", opening + text + b"<")

    ref = None if number == 0 else GOOD[1].ref
    assert heard(mapper, written) == [GOOD[0], Misread(ref, "MRX-2306"), GOOD[2]]


def test_a_missing_a_doubled_and_a_fifth_item_are_misread(mapper: Mapper):
    name, status = field(mapper, 2), field(mapper, 5)
    whole = name + b"Between, Inc." + name.replace(b"<", b"</")

    for old, new in [
        (whole, b""),
        (whole, whole + whole),
        (whole, whole + b"<address>Main Street 1</address>"),
        (status, b"<account>12345678</account>" + status),
        (name, name[:-1] + b' account="12345678">'),
        (b'="MID">', b'="MID" account="12345678">'),
    ]:
        misread = Misread(GOOD[1].ref, "MRX-2306")
        assert heard(mapper, spoilt(mapper, old, new)) == [GOOD[0], misread, GOOD[2]]


def test_a_record_inside_a_record_is_misread_whole(mapper: Mapper):
    inner = mapper.write([record()]).splitlines()[1]
    closing = f"</{mapper.LAYOUT.record}>".encode()

    misread = Misread(GOOD[1].ref, "MRX-2306")
    assert heard(mapper, spoilt(mapper, closing, inner + closing)) == [GOOD[0], misread, GOOD[2]]


def test_an_empty_record_has_no_ref_to_tell(mapper: Mapper):
    line = mapper.write(GOOD).splitlines()[2]
    empty = f"<{mapper.LAYOUT.record}/>".encode()

    misread = Misread(None, "MRX-2306")
    assert heard(mapper, spoilt(mapper, line, empty)) == [GOOD[0], misread, GOOD[2]]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        pytest.param(2, "\xa0\u200f", id="a name nobody sees"),
        pytest.param(2, "   ", id="a blank name"),
        pytest.param(5, "unheard-of", id="a status word nobody knows"),
        pytest.param(5, "CERTIFIED", id="our own status word"),
        pytest.param(4, "CAZZINV1TOR", id="a MID of a country that has none"),
        pytest.param(4, "no identifier", id="an identifier of the wrong shape"),
    ],
)
def test_a_value_that_cannot_be_taken_is_misread_alone(mapper: Mapper, number: int, text: str):
    inside = (parse(mapper.write(GOOD))[1][number].text or "").encode()
    opening = field(mapper, number) if number != 4 else b'="MID">'
    written = spoilt(mapper, opening + inside + b"<", opening + text.encode() + b"<")

    assert heard(mapper, written) == [GOOD[0], Misread(GOOD[1].ref, "MRX-2307"), GOOD[2]]


def test_a_mistyped_ref_is_misread_under_the_ref_it_says(mapper: Mapper):
    right = GOOD[1].ref
    wrong = right[:-1] + ("A" if right[-1] != "A" else "B")
    written = spoilt(mapper, right.encode(), wrong.encode())

    assert heard(mapper, written) == [GOOD[0], Misread(wrong, "MRX-2307"), GOOD[2]]


def test_a_day_that_does_not_exist_is_misread(mapper: Mapper):
    written = mapper.write([record()])
    day = parse(written)[0][-1].text
    impossible = {
        "mx-neec": "31/02/2014",
        "ca-pip": "2014-02-31",
        "tw-aeo": "103/02/31",
        "il-aeo": "31/02/2014",
        "kr-aeo": "20140231",
    }[mapper.PROGRAMME]

    changed = written.replace(day.encode(), impossible.encode())
    assert heard(mapper, changed) == [Misread(record().ref, "MRX-2307")]


# -- cost ------------------------------------------------------------------------------------------


def test_a_thousand_bad_records_are_told_and_no_more(mapper: Mapper):
    lines = mapper.write([record()]).splitlines()
    empty = f"<{mapper.LAYOUT.record}/>".encode()
    reading = mapper.read(parse(b"\n".join([lines[0], *[empty] * (MISREADS_MAX + 1), lines[-1]])))

    assert list(islice(reading, MISREADS_MAX)) == [Misread(None, "MRX-2306")] * MISREADS_MAX
    with pytest.raises(BadDocument) as refused:
        next(reading)
    assert refused.value.code == "MRX-2305"


def test_exactly_a_thousand_bad_records_leave_the_good_ones(mapper: Mapper):
    lines = mapper.write(GOOD).splitlines()
    empty = [f"<{mapper.LAYOUT.record}/>".encode()]
    taken = heard(mapper, b"\n".join([*lines[:2], *empty * MISREADS_MAX, *lines[2:]]))

    assert [said for said in taken if not isinstance(said, Misread)] == GOOD


@pytest.mark.parametrize(
    "flood",
    [
        pytest.param(b'<ID KIND="none"></ID>' * 30_000, id="bad identifiers"),
        pytest.param(b"<ID></ID>" * 30_000, id="identifiers without a kind"),
        pytest.param(b'<ID KIND="MID">MXZZINV</ID>' * 30_000, id="good identifiers"),
        pytest.param(b"<x/>" * 30_000, id="strangers"),
        pytest.param(
            b'<ID KIND="MID" ' + b" ".join(b'a%d=""' % n for n in range(400_000)) + b">X</ID>",
            id="attributes",
        ),
        pytest.param(
            b'<ID KIND="MID">' + b"<x/>" * 30_000 + b"</ID>", id="an identifier's children"
        ),
        pytest.param(b'<ID KIND="MID">' + b"X" * 300_000 + b"</ID>", id="one long identifier"),
    ],
)
def test_an_overgrown_record_costs_little_and_no_other_record(mapper: Mapper, flood: bytes):
    """Without a bound in the XSD, the first takes libxml2 six seconds; the attributes, one."""
    line = mapper.write([GOOD[1]]).splitlines()[1]
    ident, kind = line[line.index(b'="SCAC"') - 40 :].split(b'="SCAC"')[0].split(b"<")[-1].split()
    status = field(mapper, 5)
    written = spoilt(mapper, status, flood.replace(b"ID", ident).replace(b"KIND", kind) + status)
    document = parse(written)

    began = time.process_time()
    taken = list(mapper.read(document))
    spent = time.process_time() - began

    assert taken == [GOOD[0], Misread(GOOD[1].ref, "MRX-2306"), GOOD[2]]
    assert spent < 0.5
