"""Whatever an input is made of: it ends, and costs no more than its accounts."""

import io
import json
import tracemalloc
from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.intake.members import read_member
from gateway.intake.reading import Rejected, Tally, chunks, read
from gateway.intake.shape import CONSENTS, MEMBERS
from tests.gateway.intake.inputs import HEADER, SCHEMES, consents, line, members

WORDS = st.sampled_from(
    ["31614261", "12345", "A", "", "CERTIFIED", "?", "2014-04-07", "SCAC:QXQQ", '"', ",", "\n", "é"]
)
LOOSE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=5,
)
FIELDS = st.sampled_from(
    [*sorted(MEMBERS.fields), *sorted(CONSENTS.fields), "scheme", "value", "title", "other"]
)
ALMOST = st.lists(st.dictionaries(FIELDS, LOOSE, max_size=6).map(json.dumps), max_size=4).map(
    lambda lines: "\n".join(lines).encode()
)
CSVISH = st.lists(st.lists(WORDS, max_size=6).map(",".join), max_size=5).map(
    lambda rows: HEADER + "\n".join(rows).encode()
)


@given(st.binary(max_size=300) | ALMOST | CSVISH, st.sampled_from(["ndjson", "csv"]))
def test_any_bytes_end_in_taken_or_rejected_and_never_raise(data, form) -> None:
    for found, tally in (members(data, form), consents(data, form)):
        lines = [one.line for one in found]

        assert lines == sorted(set(lines))
        assert all(1 <= number <= data.count(b"\n") + 1 for number in lines)
        assert tally.read in {len(found), len(found) - 1}


class Many:
    """Thousands of members, made as they are read, a bad line at both ends."""

    def __init__(self, count: int) -> None:
        self._parts = self._made(count)

    @staticmethod
    def _made(count: int) -> Iterator[bytes]:
        yield b"{\n"
        for start in range(0, count, 1_000):
            yield b"".join(line(str(10_000_000 + start + n)) for n in range(1_000))
        yield b"{\n"

    def read(self, _size: int, /) -> bytes:
        return next(self._parts, b"")


@pytest.mark.slow
def test_members_cost_the_set_of_their_accounts_and_no_more() -> None:
    tally = Tally()
    tracemalloc.start()
    try:
        found = read(
            Many(100_000),
            format="ndjson",
            shape=MEMBERS,
            take=lambda fields: read_member(fields, schemes=SCHEMES, today=date(2026, 1, 31)),
            tally=tally,
        )
        rejected = [one.line for one in found if isinstance(one, Rejected)]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert rejected == [1, 100_002]
    assert tally.read == 100_002
    assert peak < 20 * 2**20  # 17 MB of input, of which a set of ints is kept


def test_chunks_end_by_lines_and_by_bytes(monkeypatch) -> None:
    """A chunk is held in memory: two thousand lines of a megabyte would be two gigabytes."""
    monkeypatch.setattr("gateway.intake.reading.CHUNK_BYTES_MAX", 1 << 20)
    long = b'{"account": "31614261", "more": "' + b"x" * 300_000 + b'"}\n'

    def sizes(body: bytes, most: int) -> list[int]:
        tally = Tally()
        lines = read(
            io.BytesIO(body), format="ndjson", shape=CONSENTS, take=lambda f: (f, ()), tally=tally
        )
        return [len(chunk) for chunk in chunks(lines, tally, most=most)]

    assert sizes(b'{"account": "31614261"}\n' * 25, 10) == [10, 10, 5]
    assert max(sizes(long * 30, 2_000)) <= 5
    assert sum(sizes(long * 30, 2_000)) == 30
    assert sizes(b"", 10) == []
