"""Physical lines: where they end, how they are numbered, and what an endless one costs."""

import io
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.intake import lines as room
from gateway.intake.lines import LINE_BYTES_MAX, Line, lines, pieces, text
from schemas.errors import BadRecord

MIB = 1024 * 1024


class Endless:
    """One line of `size` bytes, made as it is read, with a short line before and after it."""

    def __init__(self, size: int) -> None:
        self._head, self._left, self._tail = b"first\n", size, b"\nlast\n"

    def read(self, size: int, /) -> bytes:
        if self._head:
            head, self._head = self._head, b""
            return head
        if self._left:
            size = min(size, self._left)
            self._left -= size
            return b"x" * size
        tail, self._tail = self._tail, b""
        return tail


class Sips:
    """A source that gives as many bytes as its plan says, then one at a time."""

    def __init__(self, data: bytes, plan: list[int]) -> None:
        self._data, self._plan = io.BytesIO(data), iter(plan)

    def read(self, size: int, /) -> bytes:
        return self._data.read(min(size, next(self._plan, 1)))


def numbered(data: bytes) -> list[tuple[int, bytes]]:
    return [(line.number, line.data) for line in lines(io.BytesIO(data))]


@pytest.mark.parametrize(
    ("data", "found"),
    [
        pytest.param(b"", [], id="nothing"),
        pytest.param(b"a\nb\n", [(1, b"a"), (2, b"b")], id="two lines"),
        pytest.param(b"a\nb", [(1, b"a"), (2, b"b")], id="no end of the last line"),
        pytest.param(b"a\r\nb\r\n", [(1, b"a"), (2, b"b")], id="carriage returns"),
        pytest.param(b"a\r\r\n", [(1, b"a\r")], id="only one carriage return"),
        pytest.param(b"a\rb\n", [(1, b"a\rb")], id="a carriage return ends no line"),
        pytest.param(b"\n\na\n \t\r\nb\n", [(3, b"a"), (5, b"b")], id="blank lines count"),
        pytest.param(b"\xef\xbb\xbfa\n", [(1, b"a")], id="byte order mark"),
        pytest.param(b"a\n\xef\xbb\xbfb\n", [(1, b"a"), (2, b"\xef\xbb\xbfb")], id="mark later"),
        pytest.param(b"\xef\xbb\xbf", [], id="byte order mark and nothing else"),
        pytest.param(b"\xef\xbb", [(1, b"\xef\xbb")], id="half a mark"),
        pytest.param(
            "a\u0085b\u2028c\x0bd\x0ce\x1cf\n".encode(),
            [(1, "a\u0085b\u2028c\x0bd\x0ce\x1cf".encode())],
            id="what str.splitlines would split",
        ),
        pytest.param(b"a\x00b\n", [(1, b"a\x00b")], id="NUL"),
    ],
)
def test_a_line_ends_at_a_line_feed_and_nowhere_else(data, found) -> None:
    assert numbered(data) == found


def test_a_line_without_an_end_says_so() -> None:
    assert [line.ended for line in lines(io.BytesIO(b"a\nb"))] == [True, False]


@pytest.mark.parametrize("more", [0, 1, 5 * MIB])
def test_only_a_line_over_the_limit_is_too_long_and_the_rest_goes_on(more) -> None:
    data = b"a\n" + b"x" * (LINE_BYTES_MAX + more) + b"\nb\n"

    first, long, last = lines(io.BytesIO(data))

    assert (first.number, first.data) == (1, b"a")
    assert (long.number, long.too_long, len(long.data)) == (2, more > 0, 0 if more else MIB)
    assert (last.number, last.data) == (3, b"b")


def test_a_long_line_may_be_the_last_and_have_no_end() -> None:
    data = b"x" * (3 * MIB)

    assert list(lines(io.BytesIO(data))) == [Line(1, b"", ended=False, too_long=True)]


@pytest.mark.slow
@pytest.mark.parametrize("size", [300 * MIB, 2048 * MIB], ids=["300 MB", "2 GB"])
def test_an_endless_line_costs_what_a_short_one_costs(size) -> None:
    tracemalloc.start()
    try:
        found = [(line.number, line.data, line.too_long) for line in lines(Endless(size))]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert found == [(1, b"first", False), (2, b"", True), (3, b"last", False)]
    assert peak < 16 * MIB


def test_a_million_empty_lines_are_not_held() -> None:
    tracemalloc.start()
    try:
        count = sum(1 for _ in pieces(io.BytesIO(b"\n" * MIB)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert count == MIB
    assert peak < 16 * MIB


@given(st.binary(max_size=200), st.lists(st.integers(1, 9), max_size=40))
def test_lines_do_not_depend_on_how_the_bytes_arrive(data, plan) -> None:
    assert list(lines(Sips(data, plan))) == list(lines(io.BytesIO(data)))


@given(st.lists(st.binary(max_size=30), max_size=12), st.lists(st.integers(1, 20), max_size=40))
def test_a_small_limit_cuts_out_just_the_long_lines(parts, plan) -> None:
    parts = [b"." + part.replace(b"\n", b"").replace(b"\r", b"") for part in parts]
    limit = 12
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "LINE_BYTES_MAX", limit)
        found = list(lines(Sips(b"".join(part + b"\n" for part in parts), plan)))

    assert [line.data for line in found] == [p if len(p) <= limit else b"" for p in parts]
    assert [line.too_long for line in found] == [len(part) > limit for part in parts]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        pytest.param("Société".encode("latin-1"), "MRX-1001", id="latin-1"),
        pytest.param("한국".encode("cp949"), "MRX-1001", id="cp949"),
        pytest.param("台積電".encode("big5"), "MRX-1001", id="big5"),
        pytest.param("a".encode("utf-16"), "MRX-1001", id="utf-16"),
        pytest.param(b"\xc0\xaf", "MRX-1001", id="overlong slash"),
        pytest.param(b"\xf4\x90\x80\x80", "MRX-1001", id="beyond U+10FFFF"),
        pytest.param(b"caf\xc3", "MRX-1001", id="cut inside a character"),
        pytest.param(b"\xed\xa0\xbd\xed\xb8\x80", "MRX-1001", id="a pair in CESU-8"),
        pytest.param(b"a\xed\xa0\xbdb", "MRX-1004", id="a high surrogate alone"),
        pytest.param(b"\xed\xb8\x80\xed\xa0\xbd", "MRX-1004", id="a pair the wrong way round"),
    ],
)
def test_bytes_that_are_not_utf_8_are_not_read_as_anything_else(data, code) -> None:
    with pytest.raises(BadRecord) as caught:
        text(data)

    assert caught.value.code == code
