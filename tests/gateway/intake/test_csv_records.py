"""CSV records: RFC 4180 to the letter, and what broken quoting costs."""

import csv
import io
import json
import tracemalloc

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.intake import csv_records as room
from gateway.intake import lines
from gateway.intake.csv_records import RECORD_BYTES_MAX, records

MIB = 1024 * 1024
SPECTRUM = (
    "comma_in_quotes",
    "empty",
    "empty_crlf",
    "escaped_quotes",
    "json",
    "newlines",
    "newlines_crlf",
    "quotes_and_newlines",
    "simple",
    "simple_crlf",
    "utf8",
)


def found(data: bytes) -> list[tuple[int, list[bytes] | str | None]]:
    """Each record's line, with its cells or its code."""
    return [(r.line, r.code if r.cells is None else r.cells) for r in records(io.BytesIO(data))]


@pytest.mark.parametrize("name", SPECTRUM)
def test_csv_spectrum_is_read_as_its_authors_say(shared, name) -> None:
    folder = shared / "data" / "csv"
    expected = json.loads((folder / "json" / f"{name}.json").read_text("utf-8"))

    with (folder / "csvs" / f"{name}.csv").open("rb") as file:
        header, *rows = [[cell.decode() for cell in record.cells or ()] for record in records(file)]

    assert [dict(zip(header, row, strict=True)) for row in rows] == expected


def test_every_file_of_csv_spectrum_is_read(shared) -> None:
    assert sorted(path.stem for path in (shared / "data/csv/csvs").iterdir()) == sorted(SPECTRUM)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(b"", [], id="nothing"),
        pytest.param(b"a,b", [(1, [b"a", b"b"])], id="no line end"),
        pytest.param(b",\n", [(1, [b"", b""])], id="two empty cells"),
        pytest.param(b'""\n', [(1, [b""])], id="one empty cell"),
        pytest.param(b'"",""', [(1, [b"", b""])], id="empty quoted cells"),
        pytest.param(b'""""\n', [(1, [b'"'])], id="a quote alone"),
        pytest.param(b"\n\na\n \t\r\nb\n", [(3, [b"a"]), (5, [b"b"])], id="blank lines count"),
        pytest.param(b" a , b \n", [(1, [b" a ", b" b "])], id="spaces belong to cells"),
        pytest.param(b'"a\n\n\nb",c\nd,e\n', [(1, [b"a\n\n\nb", b"c"]), (5, [b"d", b"e"])], id="4"),
        pytest.param(b'"a\r\nb"\r\nc\r\n', [(1, [b"a\r\nb"]), (3, [b"c"])], id="CRLF inside"),
        pytest.param(b'\xef\xbb\xbf"a"\n', [(1, [b"a"])], id="byte order mark"),
        pytest.param(b"a;b\tc\n", [(1, [b"a;b\tc"])], id="other separators are text"),
        pytest.param(b"=1+1,@x,-2\n", [(1, [b"=1+1", b"@x", b"-2"])], id="formulas stay text"),
    ],
)
def test_a_record_is_split_at_commas_outside_quotes(data, expected) -> None:
    assert found(data) == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(b'5" pipe,b\nc\n', [(1, "MRX-1006"), (2, [b"c"])], id="quote in a plain cell"),
        pytest.param(b'a,"b"c\nd\n', [(1, "MRX-1006"), (2, [b"d"])], id="text after a quote"),
        pytest.param(b'a, "b"\nc\n', [(1, "MRX-1006"), (2, [b"c"])], id="space before a quote"),
        pytest.param(b'"a" ,b\nc\n', [(1, "MRX-1006"), (2, [b"c"])], id="space after a quote"),
        pytest.param(
            b'1,"a\n2,b\n3,"c, d"\n4,e\n',
            [(1, "MRX-1006"), (2, [b"2", b"b"]), (3, [b"3", b"c, d"]), (4, [b"4", b"e"])],
            id="an open quote, and a quoted cell later",
        ),
        pytest.param(b'1,"a\n2,b\n', [(1, "MRX-1008")], id="an open quote, and no other"),
        pytest.param(b'1,a\n2,"b', [(1, [b"1", b"a"]), (2, "MRX-1008")], id="cut off in a cell"),
        pytest.param(b'1,a\n2,"b""', [(1, [b"1", b"a"]), (2, "MRX-1008")], id="cut off in a pair"),
        pytest.param(b'a\n"\n\n\n', [(1, [b"a"]), (2, "MRX-1008")], id="blank lines after a quote"),
        pytest.param(b'a,b"\n', [(1, "MRX-1006")], id="a stray quote is no open one"),
    ],
)
def test_a_misquoted_record_costs_its_first_line(data, expected) -> None:
    assert found(data) == expected


def test_a_record_that_the_input_cut_off_has_no_end() -> None:
    assert [record.ended for record in records(io.BytesIO(b'a\n"b'))] == [True, False]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(
            b"a\n" + b"x" * (3 * MIB) + b"\nb\n",
            [(1, [b"a"]), (2, "MRX-1005"), (3, [b"b"])],
            id="plain",
        ),
        pytest.param(
            b'a\n"' + b"x" * (3 * MIB) + b'"\nb\n',
            [(1, [b"a"]), (2, "MRX-1005"), (3, [b"b"])],
            id="quoted",
        ),
        pytest.param(
            b'a\n"' + b"x\n" * MIB + b'",b\nc\n',
            [(1, [b"a"]), (2, "MRX-1005"), (MIB + 3, [b"c"])],
            id="quoted over many lines",
        ),
        pytest.param(
            b'a\n"' + b"x" * (3 * MIB) + b'\n31614261,b\n"\nc\n',
            [(1, [b"a"]), (2, "MRX-1005"), (5, [b"c"])],
            id="what stands in quotes is no record, however far in",
        ),
        pytest.param(
            b"a\n" + b"x" * (3 * MIB) + b',"\n31614261,b\n"\nc\n',
            [(1, [b"a"]), (2, "MRX-1005"), (5, [b"c"])],
            id="nor if the quote opens late in a long line",
        ),
        pytest.param(
            b'a\n"' + b"x\n" * MIB + b'3,"b, c"\nd\n',
            [(1, [b"a"]), (2, "MRX-1005"), (MIB + 2, [b"3", b"b, c"]), (MIB + 3, [b"d"])],
            id="an open quote ends where a line shows it is one",
        ),
        pytest.param(
            b'a\nb"' + b"x" * (3 * MIB) + b'"\nc\n',
            [(1, [b"a"]), (2, "MRX-1005"), (3, [b"c"])],
            id="misquoted",
        ),
        pytest.param(b'a\n"' + b"x\n" * MIB, [(1, [b"a"]), (2, "MRX-1008")], id="never closed"),
        pytest.param(b'a\n"' + b"x" * (3 * MIB), [(1, [b"a"]), (2, "MRX-1008")], id="cut off"),
        pytest.param(b" " * (3 * MIB) + b"a\nb\n", [(1, "MRX-1005"), (2, [b"b"])], id="blanks"),
    ],
)
def test_a_record_over_the_limit_is_not_held_and_the_rest_goes_on(data, expected) -> None:
    assert found(data) == expected


@pytest.mark.parametrize("size", [RECORD_BYTES_MAX, RECORD_BYTES_MAX + 1])
@pytest.mark.parametrize("quoted", [False, True])
def test_the_limit_is_where_it_says(size, quoted) -> None:
    data = b'"' + b"x" * (size - 2) + b'"' if quoted else b"x" * size

    assert (found(data + b"\n")[0][1] == "MRX-1005") is (size > RECORD_BYTES_MAX)


@pytest.mark.slow
@pytest.mark.parametrize(
    "pattern",
    [b'"a\n', b'"\n', b'"""\n', b'x""y\n', b'"a\n""\n', b'"a\nb"c\n', b'"', b'"a\n' + b"\n" * 999],
)
def test_no_quoting_costs_more_than_a_few_times_the_limit(pattern) -> None:
    limit = 64 * 1024
    data = io.BytesIO(pattern * (4 * limit // len(pattern)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "RECORD_BYTES_MAX", limit)
        patch.setattr(lines, "LINE_BYTES_MAX", limit)
        patch.setattr(lines, "CHUNK_BYTES", limit // 4)
        tracemalloc.start()
        try:
            for _ in records(data):
                pass
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert peak < 32 * limit


CELLS = st.text(st.characters(codec="utf-8"), max_size=8) | st.sampled_from(
    ["\n", "\r\n", '"', '""', ",", "a\nb", '\n"', "\r", "31614261,x"]
)
TABLES = st.lists(st.lists(CELLS, min_size=2, max_size=4), max_size=6)


@given(TABLES, st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]), st.sampled_from(["\n", "\r\n"]))
def test_what_another_writer_writes_is_read_back(table, quoting, end) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=quoting, lineterminator=end).writerows(table)
    data = text.getvalue().encode()
    # The writer leaves a carriage return bare, and one at a record's end is part of its end.
    assume(quoting == csv.QUOTE_ALL or not any("\r" in cell for row in table for cell in row))
    assume(not data.startswith(b"\xef\xbb\xbf"))

    assert [[c.decode() for c in r.cells or ()] for r in records(io.BytesIO(data))] == table


@given(TABLES, st.integers(4, 40))
def test_under_any_limit_no_record_is_made_of_quoted_text(table, limit) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(table)
    whole = {tuple(cell.encode() for cell in row) for row in table}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "RECORD_BYTES_MAX", limit)
        rows = [record.cells for record in records(io.BytesIO(text.getvalue().encode()))]

    assert all(row is None or tuple(row) in whole for row in rows)
    assert len(rows) == len(table)


@given(st.text(alphabet='a,"\n\r', max_size=60), st.integers(2, 70))
def test_any_quoting_at_all_is_read_line_after_line(text, limit) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "RECORD_BYTES_MAX", limit)
        told = list(records(io.BytesIO(text.encode())))

    numbers = [record.line for record in told]
    assert numbers == sorted(set(numbers))
    assert all(number <= text.count("\n") + 1 for number in numbers)
    assert all((record.cells is None) != (record.code is None) for record in told)
