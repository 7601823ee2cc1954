"""Batches and receipts: what is written is read as it was, by us and by another program."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from lxml import etree

from schemas import exchange
from schemas import ref as refs
from schemas.batch import Header
from schemas.document import xsd_path
from schemas.parse import parse
from schemas.receipt import Receipt
from tests.schemas.drawn import (
    BATCH,
    NS,
    OTHER_REF,
    RECEIPT,
    REFUSED,
    RETAINED,
    batches,
    header,
    receipt,
    receipts,
)

WHOLE = etree.XMLSchema(etree.parse(xsd_path("exchange/1.0")))


def test_the_other_ref_is_one():
    assert refs.is_ref(OTHER_REF)


@given(batches())
def test_a_batch_is_read_as_it_was_written(batch: tuple[Header, list[str], bytes | None]):
    head, withdrawals, document = batch
    read = exchange.read_batch(exchange.write_batch(head, withdrawals, document))

    assert read.header == head
    assert read.withdrawals == tuple(withdrawals)
    if document is None:
        assert read.document is None
    else:
        assert etree.tostring(read.document, method="c14n") == etree.tostring(
            parse(document), method="c14n"
        )
        assert read.document.tail is None


@given(receipts())
def test_a_receipt_is_read_as_it_was_written(said: Receipt):
    assert exchange.read_receipt(exchange.write_receipt(said)) == said


@given(batches())
def test_a_written_batch_matches_the_xsd_as_a_whole(
    batch: tuple[Header, list[str], bytes | None],
):
    assert WHOLE.validate(parse(exchange.write_batch(*batch)))


@given(receipts())
def test_a_written_receipt_matches_the_xsd_as_a_whole(said: Receipt):
    assert WHOLE.validate(parse(exchange.write_receipt(said)))


@given(batches())
def test_a_written_batch_is_the_tree_that_a_library_would_have_built(
    batch: tuple[Header, list[str], bytes | None],
):
    head, withdrawals, document = batch
    built = etree.Element(f"{NS}Batch", nsmap={None: NS[1:-1]})
    top = etree.SubElement(built, f"{NS}Header")
    texts = [("ConsentText", text) for text in head.texts]
    for name, value in (
        ("From", head.sender), ("To", head.recipient), ("Lane", head.lane), ("Epoch", head.epoch),
        ("Number", head.number), ("Issue", head.issue), ("Replaces", head.replaces),
        ("Previous", head.previous), ("Created", head.created.isoformat()[:19] + "Z"),
        ("Format", head.format), ("Agreement", head.agreement), *texts,
        ("Announcements", head.announcements), ("Withdrawals", head.withdrawals),
        ("Handling", "no onward disclosure"),
    ):  # fmt: skip
        if value is not None:
            etree.SubElement(top, NS + name).text = str(value)
    if withdrawals:
        place = etree.SubElement(built, f"{NS}Withdrawals")
        for ref in withdrawals:
            etree.SubElement(place, f"{NS}Withdrawal").text = ref
    if document is not None:
        etree.SubElement(built, f"{NS}Document").append(parse(document))

    written = parse(exchange.write_batch(*batch))
    for place in (written, *written):
        place.text = None
        for child in place:
            child.tail = None
    assert etree.tostring(written, method="c14n") == etree.tostring(built, method="c14n")


def test_the_document_is_embedded_byte_for_byte():
    document = b"<a xmlns='urn:other'   x = \"1\"><!-- kept --><b></b>\r\n&#xe9;</a>"

    assert document in exchange.write_batch(header(announcements=1), [], document)


def test_a_time_of_another_zone_is_said_in_utc():
    local = datetime(2014, 8, 20, 6, tzinfo=timezone(timedelta(hours=-6)))
    written = exchange.write_batch(header(created=local), [], None)

    assert b"<Created>2014-08-20T12:00:00Z</Created>" in written
    assert exchange.read_batch(written).header.created == local


# -- other programs --------------------------------------------------------------------------------


@pytest.mark.second_opinion
@pytest.mark.parametrize("written", [BATCH, RECEIPT, REFUSED])
def test_xmllint_takes_what_we_write(xmllint: Callable[[bytes], bool], written: bytes):
    assert xmllint(written)


@pytest.mark.second_opinion
def test_xmllint_takes_every_awkward_word(xmllint: Callable[[bytes], bool]):
    for word in ("]]>", "a&b", "<x/>", "\"'", "\x85\u2028\ufeff", "測試 בע״מ ㈜", "\U0001f98a"):
        head = header(agreement=word, texts=(word,))
        assert xmllint(exchange.write_batch(head, [], None))
        said = receipt(withdrawals=(replace(RETAINED, law=word),))
        assert xmllint(exchange.write_receipt(said))
        assert exchange.read_receipt(exchange.write_receipt(said)) == said
