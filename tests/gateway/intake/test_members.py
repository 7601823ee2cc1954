"""Members: every rule with its code, and every real name taken as it is."""

import csv
import json
import unicodedata
from collections import Counter
from datetime import date

import pytest

from gateway.intake.members import read_member
from schemas.errors import BadRecord
from schemas.identifiers import Identifier
from schemas.member import Member
from schemas.name import LENGTH_MAX
from schemas.status import Status

TODAY = date(2026, 1, 31)
SCHEMES = frozenset({"SCAC", "ICR", "MID"})
GOOD = {
    "account": "31614261",
    "name": "Transportes Invención, S.A. de C.V.",
    "identifiers": [
        {"scheme": "SCAC", "value": "QXQQ"},
        {"scheme": "ICR", "value": "12-3456789AB"},
        {"scheme": "MID", "value": "AUOZR92MEL"},
    ],
    "status": "CERTIFIED",
    "member_since": "2014-04-07",
}
ABSENT = object()
NAMES = {
    "latin-us": ("name",),
    "latin-ca": ("name",),
    "latin-mx": ("name",),
    "latin-nz": ("name",),
    "latin-sg": ("name",),
    "zh-hant-tw-1": ("name_zh", "short_zh", "short_en"),
    "zh-hant-tw-2": ("name_zh", "short_zh", "short_en"),
    "ja-jp": ("name_ja", "name_kana", "name_en"),
    "ko-kr": ("name_ko", "name_en"),
}


def take(**changes: object) -> tuple[Member, tuple[str, ...]]:
    fields = {k: v for k, v in {**GOOD, **changes}.items() if v is not ABSENT}
    return read_member(fields, schemes=SCHEMES, today=TODAY)


def code_of(**changes: object) -> str:
    with pytest.raises(BadRecord) as caught:
        take(**changes)
    return caught.value.code


def one(scheme: object, value: object) -> list[object]:
    return [{"scheme": scheme, "value": value}]


def test_a_good_record_is_a_member_without_warnings() -> None:
    assert take() == (
        Member(
            account="31614261",
            name="Transportes Invención, S.A. de C.V.",
            identifiers=(
                Identifier("SCAC", "QXQQ"),
                Identifier("ICR", "12-3456789AB"),
                Identifier("MID", "AUOZR92MEL"),
            ),
            status=Status.CERTIFIED,
            member_since=date(2014, 4, 7),
        ),
        (),
    )


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        # -- account
        ({"account": ABSENT}, "MRX-1101"),
        ({"account": None}, "MRX-1101"),
        ({"account": ""}, "MRX-1101"),
        ({"account": 31614261}, "MRX-1101"),
        ({"account": ["31614261"]}, "MRX-1101"),
        ({"account": "1234"}, "MRX-1101"),
        ({"account": "1234567890"}, "MRX-1101"),
        ({"account": "3161426A"}, "MRX-1101"),
        ({"account": " 31614261"}, "MRX-1101"),
        ({"account": "31614261\n"}, "MRX-1101"),
        ({"account": "-1614261"}, "MRX-1101"),
        ({"account": "３１６１４２６１"}, "MRX-1101"),
        ({"account": "٣١٦١٤٢٦١"}, "MRX-1101"),
        ({"account": "3161426²"}, "MRX-1101"),
        # -- name
        ({"name": ABSENT}, "MRX-1102"),
        ({"name": None}, "MRX-1102"),
        ({"name": 7}, "MRX-1102"),
        ({"name": ["A"]}, "MRX-1102"),
        ({"name": ""}, "MRX-1102"),
        ({"name": " \t\r\n"}, "MRX-1102"),
        ({"name": "\u00a0\u3000"}, "MRX-1102"),
        ({"name": "\u200b\ufeff\u2060"}, "MRX-1102"),
        ({"name": "x" * (LENGTH_MAX + 1)}, "MRX-1103"),
        ({"name": "한" * (LENGTH_MAX + 1)}, "MRX-1103"),
        ({"name": "A\x00B"}, "MRX-1104"),
        ({"name": "A\x1bB"}, "MRX-1104"),
        ({"name": "A\ufffeB"}, "MRX-1104"),
        ({"name": "A\uffff"}, "MRX-1104"),
        ({"name": "A\ud800"}, "MRX-1004"),
        # -- identifiers
        ({"identifiers": ABSENT}, "MRX-1105"),
        ({"identifiers": None}, "MRX-1105"),
        ({"identifiers": {}}, "MRX-1105"),
        ({"identifiers": "SCAC:QXQQ"}, "MRX-1105"),
        ({"identifiers": ["SCAC:QXQQ"]}, "MRX-1105"),
        ({"identifiers": [None]}, "MRX-1105"),
        ({"identifiers": one("DUNS", "123456789")}, "MRX-1106"),
        ({"identifiers": one("scac", "QXQQ")}, "MRX-1106"),
        ({"identifiers": one("", "QXQQ")}, "MRX-1106"),
        ({"identifiers": one(None, "QXQQ")}, "MRX-1106"),
        ({"identifiers": one(["SCAC"], "QXQQ")}, "MRX-1106"),
        ({"identifiers": [{"value": "QXQQ"}]}, "MRX-1106"),
        ({"identifiers": one("KR-BRN", "9998199992")}, "MRX-1106"),
        ({"identifiers": one("SCAC", ABSENT)}, "MRX-1107"),
        ({"identifiers": [{"scheme": "SCAC"}]}, "MRX-1107"),
        ({"identifiers": one("SCAC", 7)}, "MRX-1107"),
        ({"identifiers": one("SCAC", "")}, "MRX-1107"),
        ({"identifiers": one("SCAC", "QXQQQ")}, "MRX-1107"),
        ({"identifiers": one("SCAC", "QXQQ\n")}, "MRX-1107"),
        ({"identifiers": one("SCAC", "ＱＸＱＱ")}, "MRX-1107"),
        ({"identifiers": one("MID", "AU" + "X" * 14)}, "MRX-1107"),
        ({"identifiers": one("ICR", "12-3456789OO")}, "MRX-1107"),
        ({"identifiers": one("ICR", "000-12-3456")}, "MRX-1108"),
        ({"identifiers": one("IOR", "000-12-3456")}, "MRX-1108"),
        ({"identifiers": one("ICR", "000123456")}, "MRX-1108"),
        ({"identifiers": one("MID", "CAABCCOM123CIT")}, "MRX-1109"),
        ({"identifiers": one("MID", "XZABCCOM123CIT")}, "MRX-1109"),
        ({"identifiers": [*GOOD["identifiers"], *one("MID", "XZABC")]}, "MRX-1109"),
        # -- status
        ({"status": ABSENT}, "MRX-1110"),
        ({"status": None}, "MRX-1110"),
        ({"status": ""}, "MRX-1110"),
        ({"status": "certified"}, "MRX-1110"),
        ({"status": "CERTIFIED "}, "MRX-1110"),
        ({"status": "Status.CERTIFIED"}, "MRX-1110"),
        ({"status": "TIER 3"}, "MRX-1110"),
        ({"status": ["CERTIFIED"]}, "MRX-1110"),
        ({"status": {"CERTIFIED": 1}}, "MRX-1110"),
        # -- member_since
        ({"member_since": ABSENT}, "MRX-1111"),
        ({"member_since": None}, "MRX-1111"),
        ({"member_since": 20140407}, "MRX-1111"),
        ({"member_since": ""}, "MRX-1111"),
        ({"member_since": "20140407"}, "MRX-1111"),
        ({"member_since": "2014-W15-1"}, "MRX-1111"),
        ({"member_since": "2014-4-7"}, "MRX-1111"),
        ({"member_since": "04/07/2014"}, "MRX-1111"),
        ({"member_since": "2014-04-07T00:00:00Z"}, "MRX-1111"),
        ({"member_since": "2014-04-07 "}, "MRX-1111"),
        ({"member_since": "2014-04-07\n"}, "MRX-1111"),
        ({"member_since": "2014-02-30"}, "MRX-1111"),
        ({"member_since": "2015-02-29"}, "MRX-1111"),
        ({"member_since": "2014-13-01"}, "MRX-1111"),
        ({"member_since": "0000-01-01"}, "MRX-1111"),
        ({"member_since": "２０１４-04-07"}, "MRX-1111"),
        ({"member_since": "2026-02-01"}, "MRX-1112"),
        ({"member_since": "9999-12-31"}, "MRX-1112"),
        # -- business_type
        ({"business_type": ""}, "MRX-1114"),
        ({"business_type": " \u3000"}, "MRX-1114"),
        ({"business_type": 7}, "MRX-1114"),
        ({"business_type": "x" * 101}, "MRX-1114"),
        ({"business_type": "a\x00b"}, "MRX-1114"),
    ],
)
def test_each_rule_has_its_code(changes, code) -> None:
    assert code_of(**changes) == code


def test_an_unknown_status_is_told_before_every_other_fault_but_the_account() -> None:
    faults = {"name": "", "identifiers": None, "member_since": "x", "business_type": 7}

    assert code_of(status="TIER 3", **faults) == "MRX-1110"
    assert code_of(status="TIER 3", account="x") == "MRX-1101"


@pytest.mark.parametrize("status", list(Status))
def test_every_word_of_the_vocabulary_is_taken(status) -> None:
    assert take(status=status.value)[0].status is status


@pytest.mark.parametrize("account", ["12008", "000000", "1234567", "123456782"])
def test_an_account_of_another_length_is_taken_with_a_warning(account) -> None:
    member, warnings = take(account=account)

    assert (member.account, warnings) == (account, ("MRX-1901",))


def test_warnings_are_told_once_each() -> None:
    unusual = [*one("SCAC", "QXQU"), *one("SCAC", "QXQX"), *one("SCAC", "QX")]

    assert take(account="12008", identifiers=unusual)[1] == ("MRX-1901", "MRX-1903")


def test_a_failed_check_digit_is_a_warning() -> None:
    fields = {**GOOD, "identifiers": one("KR-BRN", "999-81-99993")}

    member, warnings = read_member(fields, schemes=frozenset({"KR-BRN"}), today=TODAY)

    assert member.identifiers == (Identifier("KR-BRN", "9998199993"),)
    assert warnings == ("MRX-1902",)


def test_no_identifiers_are_fine() -> None:
    assert take(identifiers=[])[0].identifiers == ()


def test_ior_is_taken_as_icr_and_the_same_number_collapses_to_the_first() -> None:
    doubled = [
        *one("MID", "AUOZR92MEL"),
        *one("IOR", "12-3456789AB"),
        *one("SCAC", "QXQQ"),
        *one("ICR", "12-3456789AB"),
        *one("MID", "AUOZR92MEL"),
    ]

    assert take(identifiers=doubled)[0].identifiers == (
        Identifier("MID", "AUOZR92MEL"),
        Identifier("ICR", "12-3456789AB"),
        Identifier("SCAC", "QXQQ"),
    )


def test_a_member_may_have_joined_today() -> None:
    assert take(member_since="2026-01-31")[0].member_since == TODAY


@pytest.mark.parametrize(
    ("given", "kept"),
    [(None, None), ("Importer", "Importer"), (" 仲介業者\n", "仲介業者"), ("x" * 100, "x" * 100)],
)
def test_a_business_type_is_optional(given, kept) -> None:
    assert take(business_type=given)[0].business_type == kept


def test_unknown_fields_are_not_looked_at() -> None:
    assert take(ssn="000-12-3456", tier=3)[0] == take()[0]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        pytest.param("Nandu\u0303", "Nandũ", id="composed"),
        pytest.param("시험".encode().decode(), "시험", id="hangul"),
        pytest.param("\u1109\u1175\u1112\u1165\u11b7", "시험", id="jamo"),
        pytest.param("㈜시험 ＡＢＣ", "㈜시험 ＡＢＣ", id="never NFKC"),
        pytest.param(" Barrick \u00a0", " Barrick \u00a0", id="never stripped"),
        pytest.param("x" * LENGTH_MAX, "x" * LENGTH_MAX, id="as long as may be"),
        pytest.param("😀" * LENGTH_MAX, "😀" * LENGTH_MAX, id="characters, not units"),
        pytest.param("חברה בע״מ", "חברה בע״מ", id="hebrew"),
        pytest.param("=cmd|' /C calc'!A0", "=cmd|' /C calc'!A0", id="formula"),
        pytest.param("]]><x>&amp;", "]]><x>&amp;", id="markup"),
    ],
)
def test_a_name_is_kept_in_nfc_and_otherwise_as_it_came(given, kept) -> None:
    assert take(name=given)[0].name == kept


@pytest.mark.slow
@pytest.mark.parametrize("file", NAMES)
def test_real_names_of_every_script_are_taken(shared, file) -> None:
    with (shared / "data" / "names" / f"{file}.csv").open(encoding="utf-8", newline="") as rows:
        names = [row[column] for row in csv.DictReader(rows) for column in NAMES[file]]
    names = [name for name in names if name]

    assert len(names) > 400
    assert [take(name=name)[0].name for name in names] == [
        unicodedata.normalize("NFC", name) for name in names
    ]


def test_naughty_strings_are_names_unless_they_are_blank_or_no_xml(shared) -> None:
    naughty = json.loads((shared / "data" / "naughty" / "blns.json").read_text("utf-8"))

    assert Counter(verdict(name) for name in naughty) == {None: 504, "MRX-1102": 5, "MRX-1104": 6}


def verdict(name: str) -> str | None:
    """The code for which a name is refused; one that is taken must be in NFC and else the same."""
    try:
        kept = take(name=name)[0].name
    except BadRecord as fault:
        return fault.code
    assert kept == unicodedata.normalize("NFC", name)
    return None
