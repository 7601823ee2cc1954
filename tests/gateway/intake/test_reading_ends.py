"""Where an input ends: whole, empty, cut off, or at a source that fails."""

import gzip
import io
import zlib

import pytest

from gateway.intake.reading import Taken
from tests.gateway.intake.inputs import HEADER, line, members, row, said


@pytest.mark.parametrize("form", ["ndjson", "csv"])
def test_a_last_line_needs_no_end(form) -> None:
    data = {"ndjson": line(), "csv": HEADER + row()}[form].rstrip()

    found, tally = members(data, form)

    assert isinstance(found[0], Taken)
    assert tally.whole


@pytest.mark.parametrize(
    ("data", "form", "code"),
    [
        pytest.param(line() + line("31614262")[:30], "ndjson", "MRX-1008", id="JSON"),
        pytest.param(line() + b"rubbish", "ndjson", "MRX-1002", id="rubbish without an end"),
        pytest.param(line() + b"x" * 2**21, "ndjson", "MRX-1005", id="an endless line"),
        pytest.param(HEADER + row() + b"31614262,B", "csv", "MRX-1006", id="CSV, cells missing"),
        pytest.param(HEADER + row() + row("31614262")[:-4], "csv", "MRX-1111", id="CSV, last cell"),
        pytest.param(HEADER + row() + b'31614262,"B\n', "csv", "MRX-1008", id="CSV, in quotes"),
    ],
)
def test_an_input_that_breaks_off_is_not_whole(data, form, code) -> None:
    found, tally = members(data, form)

    assert [kind for _, kind in said(found)] == ["taken", code]
    assert tally.ended_early
    assert not tally.whole


def test_a_bad_last_line_with_an_end_did_not_break_off() -> None:
    assert not members(line() + b"{\n")[1].ended_early


class Broken:
    """A source that fails after what it has."""

    def __init__(self, data: bytes, failure: Exception) -> None:
        self._data, self._failure = data, failure

    def read(self, _size: int, /) -> bytes:
        data, self._data = self._data, b""
        if not data:
            raise self._failure
        return data


@pytest.mark.parametrize("failure", [OSError("gone"), EOFError("short"), zlib.error("bad")])
@pytest.mark.parametrize(
    ("data", "form", "expected"),
    [
        pytest.param(line(), "ndjson", [(1, "taken"), (2, "MRX-1008")], id="between lines"),
        pytest.param(line() + b'{"a', "ndjson", [(1, "taken"), (2, "MRX-1008")], id="in a line"),
        pytest.param(b"", "ndjson", [(1, "MRX-1008")], id="at once"),
        pytest.param(HEADER + row(), "csv", [(2, "taken"), (3, "MRX-1008")], id="between rows"),
        pytest.param(HEADER + row() + b"3,", "csv", [(2, "taken"), (3, "MRX-1006")], id="in a row"),
        pytest.param(b"", "csv", [(1, "MRX-1007")], id="before the header"),
    ],
)
def test_a_source_that_fails_ends_in_a_rejection(failure, data, form, expected) -> None:
    found, tally = members(Broken(data, failure), form)

    assert said(found) == expected
    assert tally.ended_early


def test_a_compressed_stream_that_was_cut_is_not_whole() -> None:
    data = b"".join(line(str(10_000_000 + n)) for n in range(2_000))
    packed = gzip.compress(data)

    with gzip.open(io.BytesIO(packed[:-2_000])) as cut:
        found, tally = members(cut)

    assert 0 < len(found) < 2_001
    assert tally.ended_early


def test_an_empty_ndjson_input_is_whole_and_says_nothing() -> None:
    found, tally = members(b"\n\n")

    assert (found, tally.read, tally.whole) == ([], 0, True)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "MRX-1007"),
        (b"account,name\n" + row(), "MRX-1007"),
        ((HEADER + row()).decode().encode("utf-16"), "MRX-1001"),
    ],
    ids=["nothing", "columns missing", "utf-16"],
)
def test_a_csv_file_without_a_usable_header_is_one_rejection(data, code) -> None:
    found, tally = members(data, "csv")

    assert said(found) == [(1, code)]
    assert (tally.read, tally.unreadable_account, tally.ended_early) == (0, True, True)


def test_a_csv_file_with_a_header_alone_is_whole_and_says_nothing() -> None:
    found, tally = members(HEADER, "csv")

    assert (found, tally.whole) == ([], True)
