"""An echo: read as it was written, never mistaken for a receipt, and it has room for no more."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import exchange
from schemas.errors import BadDocument
from schemas.exchange import Echo
from tests.schemas.drawn import BATCH, RECEIPT

ECHO = exchange.write_echo(
    Echo(
        sender="us-ctpat",
        recipient="mx-neec",
        digest="ab" * 32,
        at=datetime(2014, 8, 20, 12, tzinfo=UTC),
    )
)


@given(
    st.binary(min_size=32, max_size=32).map(bytes.hex),
    st.datetimes(timezones=st.just(UTC)).map(lambda at: at.replace(microsecond=0)),
)
def test_an_echo_is_read_as_it_was_written(digest: str, at: datetime):
    echo = Echo(sender="us-ctpat", recipient="mx-neec", digest=digest, at=at)

    assert exchange.read_echo(exchange.write_echo(echo)) == echo


@pytest.mark.parametrize("read", [exchange.read_batch, exchange.read_receipt])
def test_an_echo_is_neither_a_batch_nor_a_receipt(read: Callable[[bytes], object]):
    with pytest.raises(BadDocument):
        read(ECHO)


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(BATCH, id="a batch"),
        pytest.param(RECEIPT, id="a receipt"),
        pytest.param(b"", id="nothing"),
        pytest.param(ECHO.replace(b"</Echo>", b"<More/></Echo>"), id="an element too many"),
        pytest.param(ECHO.replace(b"<Digest>ab", b"<Digest>AB"), id="a digest in capitals"),
        pytest.param(ECHO.replace(b"12:00:00Z", b"24:00:00Z"), id="hour 24"),
        pytest.param(ECHO.replace(b"<At>", b"<At>  " + b" " * 5_000), id="too long"),
        pytest.param(ECHO.replace(b"<Echo", b"<!DOCTYPE x><Echo"), id="a doctype"),
    ],
)
def test_what_is_no_echo_is_refused(document: bytes):
    with pytest.raises(BadDocument):
        exchange.read_echo(document)


@pytest.mark.second_opinion
def test_xmllint_takes_it(xmllint: Callable[[bytes], bool]):
    assert xmllint(ECHO)
    assert not xmllint(ECHO.replace(b"</Echo>", b"<More/></Echo>"))
