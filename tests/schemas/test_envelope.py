"""The envelope is checked in pieces, and takes exactly what its XSD takes, at a bounded price."""

import copy
import time
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import etree

from schemas import exchange
from schemas import ref as refs
from schemas.document import NODES_MAX, xsd_path
from schemas.errors import BadDocument, MrxError, Refused
from schemas.parse import parse
from tests.schemas.drawn import (
    BATCH,
    DOCUMENT,
    NS,
    RECEIPT,
    REF,
    REFUSED,
    header,
    outcome,
)

WHOLE = etree.XMLSchema(etree.parse(xsd_path("exchange/1.0")))


def refusal(read: Callable[[bytes], object], content: bytes) -> MrxError:
    with pytest.raises((BadDocument, Refused)) as refused:
        read(content)
    return refused.value


SPOILT = {
    "a ref of eleven": (REF.encode(), REF[:-1].encode()),
    "a letter no ref has": (REF.encode(), b"U" + REF[1:].encode()),
    "digits of another script": (b"<Number>2", "<Number>２".encode()),
    "a number with a sign": (b"<Number>2", b"<Number>+2"),
    "number zero": (b"<Number>2", b"<Number>0"),
    "a number beyond 64 bits": (b"<Number>2", b"<Number>9223372036854775808"),
    "an epoch in capitals": (b"abcdef</Epoch>", b"ABCDEF</Epoch>"),
    "a time without a zone": (b"12:00:00Z", b"12:00:00"),
    "a time in another zone": (b"12:00:00Z", b"12:00:00+01:00"),
    "a part of a second": (b"12:00:00Z", b"12:00:00.5Z"),
    "a day that is none": (b"2014-08-20T", b"2014-02-30T"),
    "another marking": (b"no onward disclosure", b"public"),
    "no marking": (b">no onward disclosure<", b"><"),
    "a marking with space around": (b"no onward disclosure", b" no onward disclosure"),
    "another lane": (b"routine", b"express"),
    "a format of no programme": (b"mx-neec/1.0", b"../../1.0"),
    "white space around words": (b"us-ctpat:mx-neec", b" us-ctpat:mx-neec "),
    "a line end in words": (b"us-ctpat:mx-neec", b"us-ctpat:&#10;mx-neec"),
    "a reason": (b"</Withdrawal>", b"</Withdrawal><Reason>x</Reason>"),
    "a reason as attribute": (b"<Withdrawal>", b'<Withdrawal reason="x">'),
    "a reason inside": (b"</Withdrawal>", b" x</Withdrawal>"),
    "text between withdrawals": (b"<Withdrawal>", b"x<Withdrawal>"),
    "text after the document": (b"</list>", b"</list>x"),
    "text before the document": (b"<list", b"x<list"),
    "two documents": (b"</list>", b"</list><more xmlns='urn:other'/>"),
    "no document": (DOCUMENT, b""),
    "a document of no namespace": (b'xmlns="urn:other"', b'xmlns=""'),
    "a document of the envelope's": (b'xmlns="urn:other"', b""),
    "two homes of documents": (b"<Document>", b"<Document><x xmlns='urn:o'/></Document><Document>"),
    "two headers": (b"<Withdrawals>\n", b"<Header/><Withdrawals>\n"),
    "withdrawals last": (b"</Document>", b"</Document><Withdrawals/>"),
    "an attribute of the root": (b'<Batch xmlns="', b'<Batch id="1" xmlns="'),
    "an element we do not know": (b"<Handling>", b"<Tier>GOLD</Tier><Handling>"),
}


@pytest.mark.second_opinion
@pytest.mark.parametrize("what", SPOILT)
def test_what_xmllint_refuses_we_refuse(xmllint: Callable[[bytes], bool], what: str):
    old, new = SPOILT[what]
    assert old in BATCH
    spoilt = BATCH.replace(old, new, 1)

    assert not xmllint(spoilt)
    assert refusal(exchange.read_batch, spoilt).code == "MRX-2305"


# -- in pieces and as a whole ----------------------------------------------------------------------


@st.composite
def tampered(draw: st.DrawFn, original: bytes) -> bytes:
    """A document with one to three parts removed, doubled, moved, renamed or filled."""
    root = parse(original)
    for _ in range(draw(st.integers(1, 3))):
        parts = list(root.iter())
        part = draw(st.sampled_from(parts))
        other = draw(st.sampled_from(parts))
        match draw(st.sampled_from(["remove", "double", "move", "tag", "text", "tail", "set"])):
            case "remove" if part is not root:
                part.getparent().remove(part)
            case "double" if part is not root:
                part.addnext(copy.deepcopy(part))
            case "move" if part not in (root, *other.iterancestors(), other):
                other.append(part)
            case "tag":
                part.tag = draw(st.sampled_from([other.tag, "x", f"{NS}x", "{urn:other}x"]))
            case "text":
                part.text = draw(st.sampled_from([other.text, "x", " ", "", REF, "\n"]))
            case "tail":
                part.tail = draw(st.sampled_from(["x", " ", "\xa0", "", None]))
            case "set":
                part.set(draw(st.sampled_from(["x", "{urn:other}x"])), "")
    root.tail = None
    return etree.tostring(root)


@given(tampered(BATCH))
def test_a_batch_checked_in_pieces_is_what_the_whole_xsd_takes(content: bytes):
    root = parse(content)
    fits = WHOLE.validate(root) and root.tag == f"{NS}Batch"
    refused = outcome(lambda: exchange.read_batch(content))

    beyond = (None, "MRX-2307", "MRX-2308", "MRX-4007")
    assert (refused and refused.code) in (beyond if fits else ("MRX-2305", "MRX-2304"))


@given(tampered(RECEIPT) | tampered(REFUSED))
def test_a_receipt_checked_in_pieces_is_what_the_whole_xsd_takes(content: bytes):
    root = parse(content)
    fits = WHOLE.validate(root) and root.tag == f"{NS}Receipt"
    refused = outcome(lambda: exchange.read_receipt(content))

    beyond = (None, "MRX-2307", "MRX-2308")
    assert (refused and refused.code) in (beyond if fits else ("MRX-2305", "MRX-2304"))


@given(st.sampled_from([BATCH, RECEIPT]), st.data())
@example(BATCH, None)
def test_half_a_document_is_refused(whole: bytes, data: st.DataObject | None):
    cut = 1 if data is None else data.draw(st.integers(0, len(whole.rstrip()) - 1))
    read = exchange.read_batch if whole is BATCH else exchange.read_receipt

    assert refusal(read, whole[:cut]).code == "MRX-2302"


# -- the header of a batch that is refused ---------------------------------------------------------


def test_the_header_of_a_refused_batch_can_still_be_read():
    head = exchange.read_batch(BATCH).header
    for old, new in (
        (REF.encode(), b"wrong"),
        (b"<Withdrawals>\n", b"<Reasons/><Withdrawals>\n"),
        (b"</Document>", b"<x/></Document><Document/>"),
    ):
        spoilt = BATCH.replace(old, new)
        assert refusal(exchange.read_batch, spoilt)
        assert exchange.read_header(spoilt) == head


def test_a_header_that_is_wrong_is_not_read():
    for old, new in ((b"routine", b"express"), (b"<Header>", b"<x/><Header>"), (b"Batch", b"B")):
        assert refusal(exchange.read_header, BATCH.replace(old, new)).code == "MRX-2305"


@given(tampered(BATCH))
def test_reading_a_header_ends_in_one_or_in_a_code(content: bytes):
    refused = outcome(lambda: exchange.read_header(content))

    assert (refused and refused.code) in (None, "MRX-2305", "MRX-2307")


# -- price -----------------------------------------------------------------------------------------


def seconds(read: Callable[[bytes], object], content: bytes) -> float:
    """The least of three: what else the machine does only ever adds to it."""
    took = []
    for _ in range(3):
        began = time.process_time()
        outcome(lambda: read(content))
        took.append(time.process_time() - began)
    return min(took)


@pytest.mark.slow
def test_no_number_of_faults_costs_more_than_as_many_good_withdrawals():
    """Checked in one piece, this many bad refs take ten seconds: libxml2 counts siblings for each."""
    number = 30_000
    good = exchange.write_batch(
        header(withdrawals=number), [refs.new() for _ in range(number)], None
    )
    ordinary = seconds(exchange.read_batch, good)
    for old, new, code in (
        (b"<Withdrawal>", b"<Withdrawal>x", "MRX-2305"),
        (b"<Withdrawal>", b"<Withdrawal a=''>", "MRX-2305"),
        (b"Withdrawal>", b"W>", "MRX-2304"),
        (b"</Withdrawal>", b"</Withdrawal>x", "MRX-2305"),
        (b"</Withdrawal>", b"<x/></Withdrawal>", "MRX-2305"),
        (
            b"<Withdrawals>\n",
            b"<Withdrawals>\n<Withdrawal " + attributes(700_000) + b"/>",
            "MRX-2304",
        ),
        (b"<Batch ", b"<Batch " + attributes(700_000), "MRX-2304"),
        (b"<Header>", b"<Header>" + b"<From/>" * 100_000, "MRX-2304"),
        (b"<ConsentText>", b"<ConsentText/>" * 100_000 + b"<ConsentText>", "MRX-2304"),
    ):
        spoilt = good.replace(old, new)
        assert refusal(exchange.read_batch, spoilt).code == code
        bound = 3 * max(ordinary, seconds(parse, spoilt))
        assert seconds(exchange.read_batch, spoilt) < bound


@pytest.mark.slow
@pytest.mark.parametrize("read", [exchange.read_batch, exchange.read_header])
def test_a_namespace_said_again_costs_as_much_each_time(read: Callable[[bytes], object]):
    """Eight times as many; taken out of its tree, the document cost the square of them."""

    def batch(number: int) -> bytes:
        document = b"<d xmlns='urn:d'>" + b'<x xmlns="u"/>' * number + b"</d>"
        return exchange.write_batch(header(), [], document)

    assert seconds(read, batch(200_000)) < 24 * seconds(read, batch(25_000))


def attributes(number: int) -> bytes:
    return b"".join([b'a%d="" ' % n for n in range(number)])


def test_a_fault_in_a_list_longer_than_one_piece_is_told_by_its_line():
    number = NODES_MAX + 5
    batch = exchange.write_batch(
        header(withdrawals=number), [refs.new() for _ in range(number)], None
    )
    lines = batch.split(b"\n")
    lines[-6] = b"<Withdrawal>x</Withdrawal>"
    error = refusal(exchange.read_batch, b"\n".join(lines))

    assert (error.code, error.facts["line"]) == ("MRX-2305", len(lines) - 5)
