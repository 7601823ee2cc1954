"""JSON objects: strictly one a line, no key twice, no half characters, nothing without bounds."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.intake.json_lines import account_of, entries, parse
from gateway.intake.shape import CONSENTS, MEMBERS
from schemas.errors import BadRecord

LONG = 10 * 1024 * 1024


def code_of(data: bytes) -> str:
    with pytest.raises(BadRecord) as caught:
        parse(data)
    return caught.value.code


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"{}", {}),
        (b'{"a":"b"}', {"a": "b"}),
        (b' \t{ "a" : [ { "b" : null } , true ] }\r ', {"a": [{"b": None}, True]}),
        (b'{"\\u0061":"\\ud55c\\n\\/"}', {"a": "한\n/"}),
        (b'{"a":"\\ud83d\\ude00"}', {"a": "😀"}),
        (b'{"a":"\\\\ud800"}', {"a": "\\ud800"}),
        (b'{"a":"\\\\\\\\ud800","b": 1}', {"a": "\\\\ud800", "b": 0}),
        (b'{"a":"x:\\":\\"y","b":":"}', {"a": 'x:":"y', "b": ":"}),
        (b'{"a":{"a":{"a":"a"}}}', {"a": {"a": {"a": "a"}}}),
        (b'{"A":"1","a":"1"}', {"A": "1", "a": "1"}),
        ('{"é":"1","e\u0301":"1"}'.encode(), {"é": "1", "e\u0301": "1"}),
        (b'{"a":"\\u0000"}', {"a": "\x00"}),
        ('{"a":"\u0085\u2028\u2029"}'.encode(), {"a": "\u0085\u2028\u2029"}),
    ],
)
def test_an_object_is_read_whatever_its_spelling(data, value) -> None:
    assert parse(data) == value


@pytest.mark.parametrize(
    "data",
    [
        b"null", b"1", b'"text"', b"[]", b'[{"a":1}]', b"true", b"x", b"{", b"}", b'{"a"}',
        b'{"a":}', b'{"a":1,}', b"{'a':1}", b"{a:1}", b'{"a":1}{"b":2}', b'{"a":1} x', b'{"a":1}]',
        b'{"a":NaN}', b'{"a":Infinity}', b'{"a":-Infinity}', b'{"a":01}', b'{"a":1.}', b'{"a":+1}',
        b'{"a":0x10}', b'{"a":.5}', b'{"a":"\\x41"}', b'{"a":"\\u12"}', b'{"a":"\t"}',
        b'{"a":"\x00"}', b"{}\x00", b"\x00{}", b"// {}", b'{"a":1 /* b */}', b'{"a":undefined}',
        b"\xef\xbb\xbf{}", b'{"a":"b', b"\x0c{}", '{"a":１}'.encode(), "\u00a0{}".encode(),
        b'[{"a":1,"a":1}]', b'{"a":1,"a":1', b'{"b":{"a":1,"a":1}} x',
    ],
)  # fmt: skip
def test_what_is_not_one_object_is_rejected(data) -> None:
    assert code_of(data) == "MRX-1002"


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":1}',
        b'{"a":1,"a":2}',
        b'{"a" :1,"a":2}',
        b'{"a":1,"b":2,"a"\t:\t3}',
        b'{"a":1,"\\u0061":1}',
        b'{"a":"\\u003a","a":":"}',
        b'{"a":"x\\":","a":":"}',
        b'{"x":{"a":1,"a":1}}',
        b'{"x":[[{"y":{"a":[],"a":[]}}]]}',
        b'{"":1,"":1}',
        b'{"x":1,"x":{"x":1}}',
        b'{"a":1e999999,"a":2}',
        b'{"' + b"k" * 500_000 + b'":1,"' + b"k" * 500_000 + b'":1}',
    ],
)
def test_a_key_may_not_occur_twice_at_any_depth(data) -> None:
    assert code_of(data) == "MRX-1003"


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":"\\ud800"}',
        b'{"a":"\\uDFFF"}',
        b'{"a":"\\ud83d\\\\ude00"}',
        b'{"a":"\\ud83dx\\ude00"}',
        b'{"a":"\\ude00\\ud83d"}',
        b'{"a":"\\ud83d\\ud83d\\ude00"}',
        b'{"a":"\\\\\\ud800"}',
        b'{"\\udc00":"b"}',
        b'{"a":[{"b":"\\udc00"}]}',
        b'{"a":"\xed\xa0\x80"}',
    ],
)
def test_half_a_surrogate_pair_is_rejected_escaped_or_not(data) -> None:
    assert code_of(data) == "MRX-1004"


@pytest.mark.parametrize("encoding", ["latin-1", "cp949", "utf-16-be", "utf-16-le", "utf-32-be"])
def test_another_encoding_is_not_json_in_utf_8(encoding) -> None:
    word = "뷁" if encoding == "cp949" else "é"

    assert code_of(f'{{"name":"{word}"}}'.encode(encoding)) in {"MRX-1001", "MRX-1002"}


@pytest.mark.parametrize("opener", [b"[", b'{"a":', b'[{"a":', b'{"a":1,"b":['])
def test_deep_nesting_is_rejected_and_not_followed(opener) -> None:
    assert code_of(opener * 100_000) == "MRX-1002"


def test_ten_megabytes_of_brackets_are_one_long_line() -> None:
    (entry,) = entries(io.BytesIO(b"[" * LONG + b"\n"), MEMBERS)

    assert entry.fault is not None
    assert entry.fault.code == "MRX-1005"


@pytest.mark.parametrize(
    "number", [b"1e999999", b"-1e999999", b"9" * 100_000, b"1" * 20, b"0." + b"1" * 100_000]
)
def test_a_huge_number_is_json_and_costs_nothing(number) -> None:
    assert parse(b'{"a":' + number + b',"b":"c"}')["b"] == "c"


SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=8)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(
    st.dictionaries(st.text(max_size=4), VALUES, max_size=5),
    st.sampled_from([(",", ":"), (", ", ": "), (" ,\t", " : ")]),
    st.booleans(),
)
def test_every_object_is_read_as_the_standard_library_reads_it(value, separators, escape) -> None:
    line = json.dumps(value, separators=separators, ensure_ascii=escape)

    assert shorn(parse(line.encode())) == shorn(value)


def shorn(value: object) -> object:
    """Without its numbers, whose value `parse` does not promise."""
    if isinstance(value, dict):
        return {key: shorn(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [shorn(inner) for inner in value]
    return 0 if isinstance(value, int | float) and not isinstance(value, bool) else value


PAIRS = st.lists(
    st.tuples(
        st.sampled_from(['"a"', '"b"', '"\\u0061"', '"a:"', '"a" ', '"\\":a"']),
        st.sampled_from(['"\\u003a"', '":"', '"x\\":"', "1", "[]", '{"a":1}', '{"a":1,"a" :1}']),
    ),
    max_size=5,
)


@given(PAIRS)
def test_no_doubled_key_hides_behind_escapes_blanks_and_colons(pairs) -> None:
    line = "{" + ",".join(f"{key}:{value}" for key, value in pairs) + "}"
    doubled = []

    def note(found: list[tuple[str, object]]) -> dict[str, object]:
        doubled.append(len(dict(found)) != len(found))
        return dict(found)

    json.loads(line, object_pairs_hook=note)

    if any(doubled):
        assert code_of(line.encode()) == "MRX-1003"
    else:
        assert set(parse(line.encode())) == set(json.loads(line))


@pytest.mark.parametrize(
    ("data", "account"),
    [
        pytest.param(b'{"account":"31614261","name":"\xe9"}', "31614261", id="latin-1 name"),
        pytest.param(b'{"name":"\\ud800","account":"31614261"}', "31614261", id="surrogate"),
        pytest.param(b'{"account":"31614261","a":1,"a":2}', "31614261", id="another key twice"),
        pytest.param(b'{"account":"31614261","account":"31614262"}', None, id="two accounts"),
        pytest.param(b'{"account":"31614261","account":"31614261"}', None, id="one, but twice"),
        pytest.param(b'{"x":{"account":"31614261"},"y":"\xe9"}', None, id="not on top"),
        pytest.param(b'{"account":"31614261"', None, id="broken"),
        pytest.param(b'[["account","31614261"]]', None, id="a list that looks like one"),
        pytest.param(b"[" * 100_000, None, id="too deep"),
    ],
)
def test_a_rejected_line_says_its_account_only_where_there_is_no_doubt(data, account) -> None:
    assert account_of(data) == account


def test_unknown_fields_are_counted_and_so_are_those_of_parts() -> None:
    line = (
        b'{"account":"31614261","ssn":"x","identifiers":'
        b'[{"scheme":"SCAC","value":"QXQQ","holder":"x"},"odd",{"scheme":"MID","since":"x"}]}'
    )

    (entry,) = entries(io.BytesIO(line), MEMBERS)

    assert entry.dropped == 3


def test_of_an_officer_only_the_title_is_ours() -> None:
    line = b'{"account":"31614261","officer":{"title":"VP","name":"x","phone":"x"},"ip":"x"}\n'

    (entry,) = entries(io.BytesIO(line), CONSENTS)

    assert entry.dropped == 3


@pytest.mark.parametrize(
    ("data", "code"),
    [
        pytest.param(b'{"account":"316', "MRX-1008", id="cut off in a text"),
        pytest.param(b'{"account":"\xed\x95', "MRX-1008", id="cut off in a character"),
        pytest.param(b'{"account":"31614261"', "MRX-1008", id="cut off before the brace"),
        pytest.param(b'{"account":}', "MRX-1002", id="not cut off, but broken"),
        pytest.param(b"rubbish", "MRX-1002", id="never an object"),
    ],
)
def test_a_last_line_that_was_cut_off_is_told_from_a_broken_one(data, code) -> None:
    first, last = entries(io.BytesIO(b"{}\n" + data), MEMBERS)

    assert first.fault is None
    assert last.fault is not None
    assert (last.fault.code, last.ended) == (code, False)
