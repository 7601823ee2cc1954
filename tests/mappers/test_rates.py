"""Speed, as a ratio to what the XML library itself needs for the same document."""

import time
from collections.abc import Callable

import pytest
from lxml import etree

from mappers.base import Mapper
from schemas.parse import parse
from tests.mappers.material import XSD, named

RECORDS = named([f"Imaginary Freight Lines {number} & Co." for number in range(5_000)])


def fastest(work: Callable[[], object]) -> float:
    """CPU seconds of the fastest of five runs."""
    spent = []
    for _ in range(5):
        began = time.process_time()
        work()
        spent.append(time.process_time() - began)
    return min(spent)


def library(mapper: Mapper, written: bytes) -> float:
    """What lxml needs to parse and to validate the document."""
    schema = etree.XMLSchema(etree.parse(XSD / f"{mapper.FORMAT}.xsd"))
    assert schema.validate(etree.fromstring(written))
    return fastest(lambda: schema.validate(etree.fromstring(written)))


@pytest.mark.slow
def test_writing_costs_less_than_a_partner_pays_to_parse_and_validate(mapper: Mapper):
    """A tree of objects a record would cost several times as much: text is built in chunks."""
    written = mapper.write(RECORDS)

    assert fastest(lambda: mapper.write(RECORDS)) < 1.5 * library(mapper, written)


@pytest.mark.slow
def test_telling_what_was_said_costs_little_more_than_validating_it(mapper: Mapper):
    written = mapper.write(RECORDS)
    document = parse(written)

    assert fastest(lambda: mapper.told(document)) < 4 * library(mapper, written)


@pytest.mark.slow
def test_reading_stays_within_a_small_multiple(mapper: Mapper):
    written = mapper.write(RECORDS)
    document = parse(written)

    assert fastest(lambda: list(mapper.read(document))) < 12 * library(mapper, written)
