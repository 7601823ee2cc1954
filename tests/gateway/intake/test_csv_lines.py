"""CSV rows under a header: the same fields as in JSON, or a rejection of the row or the file."""

import io

import pytest

from gateway.intake.csv_lines import entries
from gateway.intake.shape import CONSENTS, MEMBERS
from schemas.errors import BadRecord

HEADER = "account,name,identifiers,status,member_since"
ROW = "31614261,Ñandú S.A.,SCAC:QXQQ ICR:12-3456789AB,CERTIFIED,2014-04-07"
FIELDS = {
    "account": "31614261",
    "name": "Ñandú S.A.",
    "identifiers": [
        {"scheme": "SCAC", "value": "QXQQ"},
        {"scheme": "ICR", "value": "12-3456789AB"},
    ],
    "status": "CERTIFIED",
    "member_since": "2014-04-07",
}


def read(*lines: str | bytes, shape=MEMBERS, end: bytes = b"\n"):
    raw = [line if isinstance(line, bytes) else line.encode() for line in lines]
    return list(entries(io.BytesIO(end.join(raw) + end), shape))


def code_of(*lines: str | bytes, shape=MEMBERS) -> str:
    with pytest.raises(BadRecord) as caught:
        read(*lines, shape=shape)
    return caught.value.code


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_row_has_the_fields_of_the_json_form(end, mark) -> None:
    (entry,) = read(mark + HEADER.encode(), ROW, end=end)

    assert entry.fields == FIELDS
    assert (entry.line, entry.dropped, entry.ended) == (2, 0, True)


def test_columns_may_stand_in_any_order() -> None:
    (entry,) = read("name,member_since,status,account,identifiers", "A,2014-04-07,REMOVED,12345,")

    assert entry.fields == {
        "name": "A",
        "member_since": "2014-04-07",
        "status": "REMOVED",
        "account": "12345",
        "identifiers": [],
    }


def test_a_row_is_numbered_by_the_line_it_starts_on() -> None:
    found = read("", HEADER, ROW, '1,"a\nb\nc",,X,2014-04-07', "", ROW)

    assert [entry.line for entry in found] == [3, 4, 8]


@pytest.mark.parametrize("column", ["account", "name", "identifiers", "status", "member_since"])
def test_a_missing_needed_column_rejects_the_file(column) -> None:
    assert code_of(HEADER.replace(column, "other"), ROW) == "MRX-1007"


@pytest.mark.parametrize("column", ["account", "programme", "event", "at"])
def test_a_missing_needed_column_rejects_a_file_of_consents(column) -> None:
    assert code_of("account,programme,event,at".replace(column, "x"), shape=CONSENTS) == "MRX-1007"


@pytest.mark.parametrize(
    ("header", "code"),
    [
        pytest.param(b"", "MRX-1007", id="nothing at all"),
        pytest.param(HEADER.replace(",", ";"), "MRX-1007", id="semicolons"),
        pytest.param(HEADER.upper(), "MRX-1007", id="capitals"),
        pytest.param(HEADER.encode("utf-16"), "MRX-1001", id="utf-16"),
        pytest.param(HEADER + ",caf\xe9".encode("latin-1").decode("latin-1"), None, id="é"),
        pytest.param(HEADER.encode() + b",caf\xe9", "MRX-1001", id="latin-1"),
        pytest.param(HEADER + ",name", "MRX-1003", id="a column twice"),
        pytest.param(HEADER + ",business_type,business_type", "MRX-1003", id="optional twice"),
        pytest.param(HEADER + ',"x', "MRX-1008", id="open quote"),
        pytest.param(HEADER + ',x"y', "MRX-1006", id="stray quote"),
        pytest.param(HEADER + "," + "x" * 2**20, "MRX-1005", id="too long"),
        pytest.param(b'{"account":"31614261"}', "MRX-1006", id="JSON"),
    ],
)
def test_a_header_that_cannot_be_used_rejects_the_file(header, code) -> None:
    if code is None:
        assert read(header) == []
    else:
        assert code_of(header) == code


@pytest.mark.parametrize(
    ("row", "code"),
    [
        pytest.param("31614261,A,,CERTIFIED", "MRX-1006", id="a cell too few"),
        pytest.param("31614261,A,,CERTIFIED,2014-04-07,", "MRX-1006", id="a cell too many"),
        pytest.param("31614261,A, Inc.,,CERTIFIED,2014-04-07", "MRX-1006", id="a bare comma"),
        pytest.param('31614261,A "B" C,,CERTIFIED,2014-04-07', "MRX-1006", id="bare quotes"),
        pytest.param("31614261," + "x" * 2**20 + ",,X,2014-04-07", "MRX-1005", id="too long"),
    ],
)
def test_a_row_that_does_not_fit_is_rejected_alone(row, code) -> None:
    before, bad, after = read(HEADER, ROW, row, ROW)

    assert (before.fields, after.fields) == (FIELDS, FIELDS)
    assert bad.fault is not None
    assert (bad.line, bad.fault.code, bad.account) == (3, code, None)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        pytest.param("Société".encode("latin-1"), "MRX-1001", id="latin-1"),
        pytest.param("한국".encode("cp949"), "MRX-1001", id="cp949"),
        pytest.param(b"\xed\xa0\x80", "MRX-1004", id="surrogate"),
    ],
)
def test_a_row_in_another_encoding_still_says_its_account(name, code) -> None:
    (bad,) = read(HEADER, b"31614261," + name + b",,CERTIFIED,2014-04-07")

    assert bad.fault is not None
    assert (bad.fault.code, bad.account) == (code, "31614261")


def test_a_quoted_row_in_another_encoding_is_rejected_once_and_as_a_whole() -> None:
    smuggled = b'31614261,"\xe9\n12345678,B,,CERTIFIED,2014-04-07\n",,CERTIFIED,2014-04-07'

    bad, after = read(HEADER, smuggled, ROW)

    assert (bad.fields, after.fields, after.line) == (None, FIELDS, 5)


def test_an_input_that_ends_inside_a_quoted_cell_says_so() -> None:
    found = list(entries(io.BytesIO(f'{HEADER}\n{ROW}\n31614262,"A'.encode()), MEMBERS))

    assert found[0].fields == FIELDS
    assert found[1].fault is not None
    assert (found[1].line, found[1].fault.code, found[1].ended) == (3, "MRX-1008", False)


def test_unknown_columns_are_dropped_and_their_values_counted() -> None:
    (entry,) = read(HEADER + ",ssn,,phone,phone", ROW + ",000-12-3456,x,,1")

    assert entry.fields == FIELDS
    assert entry.dropped == 3


def test_an_empty_cell_is_an_absent_field() -> None:
    (entry,) = read(HEADER + ",business_type", ",,,,,")

    assert entry.fields == {"identifiers": []}


@pytest.mark.parametrize("column", ["officer_title", "officer.title"])
def test_an_officer_is_a_title_in_csv(column) -> None:
    header = f"account,programme,event,at,{column},text_version"
    row = "31614261,mx-neec,granted,2014-08-20T12:00:00Z,Vice President,neec-2014"

    (entry,) = read(header, row, shape=CONSENTS)

    assert entry.fields == {
        "account": "31614261",
        "programme": "mx-neec",
        "event": "granted",
        "at": "2014-08-20T12:00:00Z",
        "officer": {"title": "Vice President"},
        "text_version": "neec-2014",
    }


def test_the_two_spellings_of_the_title_are_one_column() -> None:
    header = "account,programme,event,at,officer_title,officer.title"

    assert code_of(header, shape=CONSENTS) == "MRX-1003"


def test_a_column_with_the_name_of_the_officer_is_dropped() -> None:
    header, row = "account,programme,event,at,officer", "31614261,mx-neec,granted,x,Jane Roe"

    (entry,) = read(header, row, shape=CONSENTS)

    assert "Jane Roe" not in str(entry.fields)
    assert entry.dropped == 1


def test_identifiers_are_split_at_spaces_and_at_their_first_colon() -> None:
    cell = " SCAC:QXQQ  X:a:b nothing :  "

    (entry,) = read(HEADER, f"31614261,A,{cell},CERTIFIED,2014-04-07")

    assert entry.fields is not None
    assert entry.fields["identifiers"] == [
        {"scheme": "SCAC", "value": "QXQQ"},
        {"scheme": "X", "value": "a:b"},
        {"scheme": "nothing", "value": ""},
        {"scheme": "", "value": ""},
    ]
