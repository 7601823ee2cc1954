"""Which format an input has."""

import io
from pathlib import Path

import pytest

from gateway.intake.formats import format_of
from gateway.intake.lines import CHUNK_BYTES


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("members.csv", "csv"),
        ("MEMBERS.CSV", "csv"),
        (Path("a/b.c/members.csv"), "csv"),
        ("members.ndjson", "ndjson"),
        ("members.jsonl", "ndjson"),
        ("members", "ndjson"),
        ("members.csv.txt", "ndjson"),
        ("/dev/null", "ndjson"),
    ],
)
def test_a_name_tells_the_format_and_nothing_is_read(path, form) -> None:
    source = io.BytesIO(b"x")

    assert format_of(path, source) == (form, source)
    assert source.tell() == 0


@pytest.mark.parametrize(
    ("data", "form"),
    [
        (b'{"account":"1"}', "ndjson"),
        (b'\n\r\n \t{"account":"1"}', "ndjson"),
        (b'\xef\xbb\xbf{"account":"1"}', "ndjson"),
        (b"", "ndjson"),
        (b"\n", "ndjson"),
        (b"\xef\xbb\xbf", "ndjson"),
        (b"account,name", "csv"),
        (b"\xef\xbb\xbfaccount,name", "csv"),
        (b'"account"', "csv"),
        (b"name, account ,status\r\n", "csv"),
        (b'[{"account":"1"}]', "ndjson"),
        (b"5\n{}", "ndjson"),
        (b"name,status\n", "ndjson"),
        ("{}".encode("utf-16"), "ndjson"),
        (b"\n" * CHUNK_BYTES + b"a,b", "ndjson"),
    ],
)
@pytest.mark.parametrize("sip", [1, 2, CHUNK_BYTES])
def test_standard_input_is_told_by_its_first_line_and_loses_nothing(data, form, sip) -> None:
    class Sips(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(size or 0, sip))

    if len(data) > CHUNK_BYTES > sip:
        data = data[-20:]
    found, source = format_of("-", Sips(data))

    assert found == form
    assert b"".join(iter(lambda: source.read(CHUNK_BYTES), b"")) == data
    assert source.read(1) == b""
