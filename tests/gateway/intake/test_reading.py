"""A whole input: one bad line costs itself, and what is said of it holds no company data."""

import orjson
import pytest

from gateway.intake.reading import Rejected, Taken
from tests.gateway.intake.inputs import HEADER, consents, line, members, row, said

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


def test_both_formats_say_the_same() -> None:
    as_json, one = members(line(name="한국 “Ünïted” 株式会社") + line("31614262", status="?"))
    as_csv, two = members(
        HEADER + row(name='"한국 “Ünïted” 株式会社"') + row("31614262", status="?"), "csv"
    )

    assert [tuple(told)[1:] for told in as_csv] == [tuple(told)[1:] for told in as_json]
    assert one == two
