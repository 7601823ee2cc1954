"""A thread's one parser serves document after document, and none of them notices another."""

import gc
from concurrent.futures import ThreadPoolExecutor

import pytest
from lxml import etree

from schemas.errors import BadDocument
from schemas.parse import parse

GOOD = b"<a xmlns='urn:a' b='1'>x<c/>y</a>"
AS_READ = b'<a xmlns="urn:a" b="1">x<c/>y</a>'
BAD = [
    pytest.param(b"<a>", id="a document cut short"),
    pytest.param(b"<a>\xff</a>", id="bytes that are not UTF-8"),
    pytest.param(b"<a xmlns:p='urn:p'><p:b></q:b></a>", id="a prefix nobody declared"),
    pytest.param(b"<a>&unknown;</a>", id="an entity nobody declared"),
    pytest.param(b"<a>" * 300 + b"</a>" * 300, id="too deep"),
    pytest.param(b"<" + b"a" * 60_000 + b"/>", id="a name too long"),
    pytest.param(b"<a/>" + GOOD, id="two documents"),
]


@pytest.mark.parametrize("bad", BAD)
def test_a_refused_document_leaves_nothing_to_the_next(bad: bytes):
    for _ in range(2):
        with pytest.raises(BadDocument):
            parse(bad)
        assert etree.tostring(parse(GOOD)) == AS_READ


def test_a_document_outlives_the_next_one():
    first = parse(GOOD)
    for number in range(100):
        parse(f"<d>{number}</d>".encode())
    gc.collect()

    assert etree.tostring(first) == AS_READ


def test_threads_parse_at_once_and_pass_documents_on():
    def parsed(number: int) -> tuple[int, etree._Element]:
        if number % 7 == 0:
            with pytest.raises(BadDocument):
                parse(b"<a>")
        return number, parse(f"<d>{'<e/>' * number}</d>".encode())

    with ThreadPoolExecutor(4) as pool:
        for number, document in pool.map(parsed, range(500)):
            assert len(document) == number
