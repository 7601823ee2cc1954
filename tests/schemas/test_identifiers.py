"""Identifiers: every published vector gets its verdict, and no input does anything unexpected."""

import csv
import importlib
import pkgutil
import unicodedata
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schemas import countries, identifiers, member
from schemas.codes import CODES
from schemas.errors import BadIdentifier
from schemas.identifiers import (
    SCHEMES,
    Identifier,
    Verdict,
    identifier,
    schemes,
    verdict,
    verdicts,
    warnings,
)
from schemas.programme import PROGRAMMES

VECTORS = Path(__file__).resolve().parents[3] / "shared" / "domain" / "identifiers.csv"
ALONE = pytest.mark.skip(reason="allowed: the repository stands alone, ../shared is not beside it")

# One canonical value of each scheme; its check digit holds.
EXAMPLES = {
    "SCAC": "QXQQ",
    "ICR": "12-3456789AB",
    "MID": "AUOZR92MEL",
    "MX-RFC": "ZZÑ120229A10",
    "MX-CAAT": "ZZ99",
    "MX-PATENTE": "0123",
    "CA-BN9": "999999998",
    "CA-BN15": "999999998RM0001",
    "CA-CARRIER": "ZZZ9",
    "CA-FORWARDER": "8ZZZ",
    "TW-UBN": "99999906",
    "TW-AEO": "TW123456789",
    "TW-FORWARDER": "OA1",
    "IL-HP": "599999992",
    "IL-IDNR": "123456782",
    "IL-AEO": "IL599999992",
    "KR-BRN": "9998199992",
    "KR-CORP": "9999110000011",
    "KR-AEO": "KRAEO0000001",
    "EU-EORI": "DE000000000000000",
    "EU-AEO": "DEAEOF1234567890",
    "TCUIN": "JPAbCd9875F",
    "JP-CORP": "9999999999990",
    "JP-CUSTOMS": "99999999999900000",
    "JP-JASTPRO": "P99999999999",
    "JP-MR12": "A12345678901",
    "NZ-IRD": "139999991",
    "NZ-NZBN": "9429999999996",
    "SG-UEN": "T14LL9999J",
    "SG-AEO": "AEOSG123456789012",
    "CN-AEO": "AEOCN0123456789",
}

# Schemes in which a shorter value is another value.
VARIABLE = {"SCAC", "MID", "EU-EORI", "EU-AEO", "TCUIN", "NZ-IRD"}


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def published():
    if not VECTORS.is_file():
        return [pytest.param(None, marks=ALONE)]
    return [pytest.param(row, id=f"{row['scheme']} {row['value']}") for row in rows(VECTORS)]


def shapes(scheme):
    """Values of exactly the module's shape."""
    return st.from_regex(SCHEMES[scheme]._SHAPE, fullmatch=True)


def taken(scheme, text):
    try:
        return SCHEMES[scheme].parse(text)
    except BadIdentifier:
        return None


# -- the tables ------------------------------------------------------------------------------------


def test_every_module_of_the_folder_is_listed_under_its_own_scheme():
    others = {"schemes", "verdicts", "mid_rule"}
    names = {module.name for module in pkgutil.iter_modules(identifiers.__path__)} - others
    modules = [importlib.import_module(f"schemas.identifiers.{name}") for name in names]

    assert {module.SCHEME: module for module in modules} == SCHEMES


def test_every_check_and_every_oddity_a_module_knows_is_asked_for():
    for table, function in ((schemes.CHECKS, "check"), (schemes.UNUSUAL, "unusual")):
        known = {s: getattr(m, function) for s, m in SCHEMES.items() if hasattr(m, function)}
        assert known == table


def test_every_scheme_of_a_programme_is_known():
    assert {scheme for p in PROGRAMMES.values() for scheme in p.schemes} <= SCHEMES.keys()


def test_no_record_can_carry_an_account_or_a_person():
    assert not SCHEMES.keys() & {"CTPAT-ACCOUNT", "IOR-SSN", "SSN"}
    assert verdicts._FORMS["CTPAT-ACCOUNT"].pattern == member.ACCOUNT.pattern


def test_the_country_table_is_iso_3166():
    table = resources.files("tzdata").joinpath("zoneinfo", "iso3166.tab")
    lines = table.read_text(encoding="utf-8").splitlines()

    assert {line[:2] for line in lines if not line.startswith("#")} == countries.COUNTRIES


# -- vectors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", published())
def test_a_published_vector_gets_its_verdict(row):
    assert verdict(row["scheme"], row["value"]) == row["verdict"]


def test_every_verdict_occurs_among_the_vectors(shared):
    assert {row["verdict"] for row in rows(shared / "domain" / "identifiers.csv")} == set(Verdict)


def test_the_provinces_of_canada_are_those_of_the_appendix(shared):
    prefixes = rows(shared / "data" / "mid" / "province_prefixes.csv")

    assert {row["prefix"] for row in prefixes} == countries.PROVINCES.keys()


def test_real_scacs_are_taken_without_a_warning(shared):
    codes = (shared / "data" / "scac" / "codes.txt").read_text(encoding="ascii").split()

    assert len(codes) == 909
    assert [warnings(identifier("SCAC", code)) for code in codes] == [()] * 909


# -- what is received ------------------------------------------------------------------------------


def test_there_is_an_example_of_every_scheme():
    assert EXAMPLES.keys() == SCHEMES.keys()


@pytest.mark.parametrize(("scheme", "value"), EXAMPLES.items())
def test_a_good_value_is_taken_as_it_is(scheme, value):
    assert identifier(scheme, value) == Identifier(scheme, value)
    assert warnings(Identifier(scheme, value)) == ()
    assert verdict(scheme, value) is Verdict.VALID


def full_width(value):
    return "".join(chr(ord(c) + 0xFEE0) if c.isascii() else c for c in value)


@pytest.mark.parametrize(("scheme", "value"), EXAMPLES.items())
@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param("{}\n".format, id="a line end"),
        pytest.param(" {}".format, id="a space before"),
        pytest.param("{}00000000000000000000000".format, id="too long"),
        pytest.param("\u200f{}".format, id="a direction mark"),
        pytest.param(full_width, id="full-width"),
        pytest.param(lambda _: "", id="nothing"),
    ],
)
def test_a_spoilt_value_is_refused(scheme, value, spoil):
    with pytest.raises(BadIdentifier) as error:
        identifier(scheme, spoil(value))

    assert (error.value.code, error.value.facts) == ("MRX-1107", {"scheme": scheme})


@pytest.mark.parametrize("scheme", sorted(EXAMPLES.keys() - VARIABLE))
def test_a_value_cut_short_is_refused(scheme):
    assert taken(scheme, EXAMPLES[scheme][:-1]) is None


@pytest.mark.parametrize("scheme", sorted(EXAMPLES.keys() - {"TCUIN"}))
def test_lower_case_is_refused_where_letters_are_meant(scheme):
    lower = EXAMPLES[scheme].lower()

    assert taken(scheme, lower) == (lower if lower.isdigit() else None)


def test_a_third_country_number_keeps_its_case():
    assert identifier("TCUIN", "JPAbCd9875F").value == "JPAbCd9875F"


def test_a_decomposed_letter_is_received_composed():
    decomposed = "ZZN\u0303120229A10"

    assert identifier("MX-RFC", decomposed) == Identifier("MX-RFC", "ZZÑ120229A10")
    with pytest.raises(BadIdentifier, match="MRX-1107"):
        Identifier("MX-RFC", decomposed)


@pytest.mark.parametrize(
    ("scheme", "text", "value"),
    [
        ("KR-BRN", "999-81-99992", "9998199992"),
        ("KR-CORP", "999911-0000011", "9999110000011"),
        ("NZ-IRD", "049-091-850", "49091850"),
    ],
)
def test_a_written_form_has_one_canonical_form(scheme, text, value):
    assert identifier(scheme, text).value == value
    with pytest.raises(BadIdentifier, match="MRX-1107"):
        Identifier(scheme, text)


def test_an_importer_number_may_be_called_ior():
    assert identifier("IOR", "12-3456789AB") == Identifier("ICR", "12-3456789AB")


@pytest.mark.parametrize("make", [Identifier, identifier, verdict])
@pytest.mark.parametrize("scheme", ["DUNS", "scac", "", "CTPAT-ACCOUNT-NUMBER"])
def test_an_unknown_scheme_is_refused_and_not_repeated(make, scheme):
    with pytest.raises(BadIdentifier) as error:
        make(scheme, "QXQQ")

    assert (error.value.code, error.value.facts) == ("MRX-1106", {})


def test_a_record_calls_an_importer_number_icr():
    with pytest.raises(BadIdentifier, match="MRX-1106"):
        Identifier("IOR", "12-3456789AB")


@given(st.from_regex(r"[0-9]{3}[- ]?[0-9]{2}[- ]?[0-9]{4}", fullmatch=True))
@example("000-12-3456")
@example("000123456")
def test_a_social_security_number_is_never_taken_and_never_repeated(number):
    for make in (Identifier, identifier):
        with pytest.raises(BadIdentifier) as error:
            make("ICR", number)

        assert error.value.code == "MRX-1108"
        assert number not in str(error.value)


@pytest.mark.parametrize("prefix", ["CA", "XZ", "XK", "UK", "EU", "ZZ"])
def test_a_mid_begins_with_a_country_or_a_province(prefix):
    with pytest.raises(BadIdentifier) as error:
        identifier("MID", f"{prefix}OZR92MEL")

    assert (error.value.code, error.value.facts) == ("MRX-1109", {"scheme": "MID"})


@pytest.mark.parametrize(
    ("scheme", "value", "codes"),
    [
        ("SCAC", "QXQU", ("MRX-1903",)),
        ("SCAC", "QXQX", ("MRX-1903",)),
        ("SCAC", "QXQZ", ("MRX-1903",)),
        ("SCAC", "QX", ("MRX-1903",)),
        ("KR-BRN", "1234567890", ("MRX-1902",)),
        ("KR-BRN", "0010199990", ("MRX-1902",)),
        ("MX-RFC", "XEXX010101000", ("MRX-1902",)),
        ("TW-UBN", "00501508", ()),
        ("CA-CARRIER", "ZZZU", ()),
    ],
)
def test_what_is_odd_warns_and_is_taken(scheme, value, codes):
    assert warnings(Identifier(scheme, value)) == codes
    assert set(codes) <= CODES.keys()


# -- any input -------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", sorted(SCHEMES))
@given(data=st.data())
def test_parsing_is_idempotent_and_refuses_with_nothing_but_its_own_error(scheme, data):
    text = unicodedata.normalize("NFC", data.draw(st.one_of(shapes(scheme), st.text(max_size=40))))

    value = taken(scheme, text)

    assert (value is None) == (verdict(scheme, text) is Verdict.INVALID)
    if value is not None:
        assert taken(scheme, value) == value
        assert value.isprintable()
        assert set(warnings(identifier(scheme, text))) <= {"MRX-1902", "MRX-1903"}
