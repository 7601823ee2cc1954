"""A whole input: one bad line costs itself, and what is said of it holds no company data."""

import gzip
import io
import json
import tracemalloc
import zlib
from collections.abc import Iterator
from datetime import UTC, date, datetime

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.intake.events import read_event
from gateway.intake.members import read_member
from gateway.intake.reading import Rejected, Taken, Tally, chunks, read
from gateway.intake.shape import CONSENTS, MEMBERS

SCHEMES = frozenset({"SCAC", "ICR", "MID"})
NOW = datetime(2026, 1, 31, tzinfo=UTC)
HEADER = b"account,name,identifiers,status,member_since\n"


def line(account: str = "31614261", **changes: object) -> bytes:
    fields = {
        "account": account,
        "name": "A",
        "identifiers": [],
        "status": "CERTIFIED",
        "member_since": "2014-04-07",
    }
    return orjson.dumps({**fields, **changes}) + b"\n"


def row(account: str = "31614261", name: str = "A", status: str = "CERTIFIED") -> bytes:
    return f"{account},{name},,{status},2014-04-07\n".encode()


def members(data: bytes | object, form: str = "ndjson") -> tuple[list[Taken | Rejected], Tally]:
    tally = Tally()
    source = io.BytesIO(data) if isinstance(data, bytes) else data

    def take(fields):
        return read_member(fields, schemes=SCHEMES, today=NOW.date())

    return list(read(source, format=form, shape=MEMBERS, take=take, tally=tally)), tally


def consents(data: bytes, form: str = "ndjson") -> tuple[list[Taken | Rejected], Tally]:
    tally = Tally()

    def take(fields):
        return read_event(fields, partners={"mx-neec"}, texts={}, now=NOW), ()

    return list(read(io.BytesIO(data), format=form, shape=CONSENTS, take=take, tally=tally)), tally


def said(found: list[Taken | Rejected]) -> list[tuple[int, str]]:
    """Line and code of each outcome; a line that was taken has the code 'taken'."""
    return [(one.line, one.code if isinstance(one, Rejected) else "taken") for one in found]


# -- one bad line ---------------------------------------------------------------------------------

BAD = [
    pytest.param(b'{"account":', "MRX-1002", id="broken JSON"),
    pytest.param(b"[1, 2]", "MRX-1002", id="a list"),
    pytest.param(
        line(name="Société").rstrip().decode().encode("latin-1"), "MRX-1001", id="latin-1"
    ),
    pytest.param(line(name="한국").rstrip().decode().encode("cp949"), "MRX-1001", id="cp949"),
    pytest.param(b"\xff\xfe{\x00}\x00", "MRX-1001", id="utf-16"),
    pytest.param(b'{"account":"31614269","account":"31614269"}', "MRX-1003", id="key twice"),
    pytest.param(b'{"account":"31614269","name":"\\ud800"}', "MRX-1004", id="surrogate"),
    pytest.param(b'{"name":"' + b"x" * 2**20 + b'"}', "MRX-1005", id="too long"),
    pytest.param(b"[" * 10 * 2**20, "MRX-1005", id="10 MB of brackets"),
    pytest.param(b"[" * 2**19, "MRX-1002", id="deep"),
    pytest.param(b'{"account":1e999999}', "MRX-1101", id="a huge number"),
    pytest.param(b'{"account":' + b"9" * 100_000 + b"}", "MRX-1101", id="a hundred thousand nines"),
    pytest.param(b"\x00\x00\x00", "MRX-1002", id="NUL bytes"),
    pytest.param(line(name="A\x00B").rstrip(), "MRX-1104", id="an escaped NUL"),
    pytest.param(
        line(identifiers=[{"scheme": "ICR", "value": "000-12-3456"}]).rstrip(), "MRX-1108", id="SSN"
    ),
]


@pytest.mark.parametrize(("bad", "code"), BAD)
def test_a_bad_line_costs_itself_and_nothing_else(bad, code) -> None:
    found, tally = members(line("10000001") + bad + b"\n" + line("10000002"))

    assert said(found) == [(1, "taken"), (2, code), (3, "taken")]
    assert (tally.read, tally.ended_early) == (3, False)


@pytest.mark.parametrize(
    ("bad", "account"),
    [
        pytest.param(line(name=""), "31614261", id="its name is bad"),
        pytest.param(line(status="?"), "31614261", id="its status is unknown"),
        pytest.param(line(name="é").decode().encode("latin-1"), "31614261", id="latin-1"),
        pytest.param(b'{"account":"31614261","a":1,"a":1}\n', "31614261", id="another key twice"),
        pytest.param(b'{"account":"31614261","a":"\\ud800"}\n', "31614261", id="surrogate"),
        pytest.param(line("3161426A"), None, id="its account is not well-formed"),
        pytest.param(
            line().replace(b'"31614261"', b"31614261"), None, id="its account is a number"
        ),
        pytest.param(b'{"account":"31614261"\n', None, id="broken JSON"),
        pytest.param(b'{"account":"31614261"}' + b" " * 2**20 + b"\n", None, id="too long"),
        pytest.param(b'{"account":"31614261","account":"31614262"}\n', None, id="two accounts"),
    ],
)
def test_a_rejection_names_the_account_where_it_can_be_read(bad, account) -> None:
    (rejected,), tally = members(bad)

    assert isinstance(rejected, Rejected)
    assert rejected.account == account
    assert tally.unreadable_account is (account is None)
    assert tally.whole is (account is not None)


def test_only_an_unknown_word_blocks_the_announcements_of_its_account() -> None:
    found, _ = members(line("10000001", status="TIER 3", name="") + line("10000002", name=""))

    assert [one.status_unknown for one in found if isinstance(one, Rejected)] == [True, False]


def test_a_rejection_says_nothing_of_the_company() -> None:
    plant = "Zyxxel"
    faults = [
        {"name": plant * 100},
        {"name": plant + "\x00"},
        {"identifiers": [{"scheme": plant, "value": "x"}]},
        {"identifiers": [{"scheme": "SCAC", "value": plant}]},
        {"identifiers": [{"scheme": "MID", "value": "ZZ" + plant.upper()}]},
        {"status": plant},
        {"member_since": plant},
        {"business_type": plant * 100},
        {"account": plant},
    ]
    data = b"".join(line(str(10_000_000 + n)) for n in range(2))
    data += b"".join(orjson.dumps({**orjson.loads(line()), **fault}) + b"\n" for fault in faults)
    data += f'{{"{plant}":1,"{plant}":1}}\n"{plant}\n'.encode()

    found, tally = members(data)

    assert len([one for one in found if isinstance(one, Rejected)]) == len(faults) + 2
    assert plant.upper() not in repr([one for one in found if isinstance(one, Rejected)]).upper()
    assert plant.upper() not in repr(tally).upper()


# -- an account twice -----------------------------------------------------------------------------


def test_of_two_lines_with_one_account_the_earlier_stands() -> None:
    found, tally = members(line(name="A") + line(name="B") + line("31614262") + line(name="A"))

    assert said(found) == [(1, "taken"), (2, "MRX-1113"), (3, "taken"), (4, "MRX-1113")]
    assert isinstance(found[1], Rejected)
    assert found[1].account == "31614261"
    assert tally.whole


@pytest.mark.parametrize(
    "first",
    [line(name=""), line(status="?"), b'{"account":"31614261","a":1,"a":1}\n'],
    ids=["bad name", "unknown status", "doubled key"],
)
def test_the_earlier_line_stands_even_if_it_is_rejected(first) -> None:
    found, _ = members(first + line())

    assert said(found)[1] == (2, "MRX-1113")


def test_leading_zeros_make_another_account() -> None:
    found, _ = members(line("12345") + line("012345") + line("0012345"))

    assert said(found) == [(1, "taken"), (2, "taken"), (3, "taken")]


def test_an_account_twice_is_seen_in_csv_too() -> None:
    found, _ = members(HEADER + row() + row(), "csv")

    assert said(found) == [(2, "taken"), (3, "MRX-1113")]


def test_an_account_may_have_many_events() -> None:
    event = b'{"account":"31614261","programme":"mx-neec","event":"revoked","at":"2015-01-01T00:00:00Z"}\n'

    assert said(consents(event * 3)[0]) == [(1, "taken"), (2, "taken"), (3, "taken")]


# -- the tally ------------------------------------------------------------------------------------


def test_the_tally_counts_lines_dropped_fields_and_warnings() -> None:
    data = (
        line("12008", ssn="x", phone="x")
        + b"\n"
        + line("12009", identifiers=[{"scheme": "SCAC", "value": "QXQU", "holder": "x"}])
        + line("10000001", name="", born="x")
    )

    found, tally = members(data)

    assert [one.warnings for one in found if isinstance(one, Taken)] == [
        ("MRX-1901",),
        ("MRX-1901", "MRX-1903"),
    ]
    assert (tally.read, tally.dropped_fields) == (3, 4)
    assert tally.warnings == {"MRX-1901": 2, "MRX-1903": 1}
    assert tally.whole


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


def test_both_formats_say_the_same() -> None:
    as_json, one = members(line(name="한국 “Ünïted” 株式会社") + line("31614262", status="?"))
    as_csv, two = members(
        HEADER + row(name='"한국 “Ünïted” 株式会社"') + row("31614262", status="?"), "csv"
    )

    assert [tuple(told)[1:] for told in as_csv] == [tuple(told)[1:] for told in as_json]
    assert one == two


# -- anything at all ------------------------------------------------------------------------------

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


# -- bounds ---------------------------------------------------------------------------------------


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
