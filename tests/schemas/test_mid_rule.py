"""The MID rule: the worked examples, real addresses, and anything at all."""

import contextlib
import csv
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schemas import countries
from schemas.errors import BadIdentifier
from schemas.identifiers import Identifier, Verdict, mid_rule, verdict


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_worked_examples_of_the_mid_rule_are_reproduced(shared):
    derive = {
        "name": lambda row: mid_rule.name_part(row["name"]),
        "addr": lambda row: mid_rule.address_part(row["address"]),
        "full": lambda row: mid_rule.derive(
            row["name"], row["address"], row["city"], row["country"]
        ),
    }

    examples = rows(shared / "data" / "mid" / "vectors.csv")

    assert len(examples) == 15
    for row in examples:
        assert derive[row["part"]](row) == row["expected"], row["id"]


@pytest.mark.parametrize(
    ("plant", "code"),
    [
        (("La Vie de France", "243 Rue de la Paix", "Bremen", "FR"), "FRLAVIE243BRE"),
        (("The E.K. Rodgers Companies", "", "London", "GB"), "GBEKRODLON"),
        (("The Greenhouse", "45 Royal Crescent", "Birmingham", "GB"), "GBGRE45BIR"),
        (("Carduccio and Jones", "88 Canberra Avenue", "Sidney", "AU"), "AUCARJON88SID"),
        (("N. Minami & Co., Ltd.", "2-6, 8-Chome Isogami-Dori", "Kobe", "JP"), "JPMINCO268KOB"),
        (("Bocchaccio S.p.A.", "Via Mendotti 61", "Verona", "IT"), "ITBOCSPA61VER"),
        (("Murla-Praxiteles Inc.", "", "Athens", "GR"), "GRMURINCATH"),
    ],
)
def test_the_directives_whole_codes_are_reproduced(plant, code):
    assert mid_rule.derive(*plant) == code


@pytest.mark.parametrize("snapshot", ["tw-1.csv", "tw-2.csv"])
def test_a_mid_can_be_derived_from_real_addresses(shared, snapshot):
    without_number = 0
    for row in rows(shared / "data" / "addresses" / snapshot):
        town = re.search(r"([A-Za-z]+)\s+(?:City|County)", row["address_en"])
        city = town[1] if town else "Taipei"
        name = mid_rule.name_part(row["short_en"])
        number = mid_rule.address_part(row["address_en"])
        without_number += not number

        assert re.fullmatch("[A-Z0-9]{0,6}", name)
        assert re.fullmatch("[0-9]{0,4}", number)
        if name:
            code = mid_rule.derive(row["short_en"], row["address_en"], city, "TW")
            assert code == f"TW{name}{number}{city[:3].upper()}"
            assert Identifier("MID", code).value == code

    assert without_number == 1


@given(st.text(), st.text(), st.text(), st.sampled_from(sorted(countries.MID_PREFIXES)))
@example("A", "1" * 5000, "X", "US")
@example("Müller GmbH", "Straße ５", "Köln", "DE")
def test_a_derived_mid_is_a_mid_or_is_refused(name, address, city, country):
    with contextlib.suppress(BadIdentifier):
        code = mid_rule.derive(name, address, city, country)

        assert Identifier("MID", code).value == code
        assert re.fullmatch("[A-Z]{2}[A-Z0-9]{1,6}[0-9]{0,4}[A-Z]{1,3}", code)


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("Müller Maschinen GmbH", "MULMAS"),
        ("ＴＣＣ Corp", "TCCCOR"),
        ("PT Sinar Example", "SINEXA"),
        ("P.T. Sinar Example", "SINEXA"),
        ("Fabrica de Artigos de Vestuario Example", "EXA"),
        ("PT", "PT"),
        ("The", ""),
        ("S.A. (Example)", "SAEXA"),
        ("Example, S.A.,", "EXASA"),
        ("E.K.Rodgers", "EKROD"),
        ("O'Hara & Sons", "OHASON"),
    ],
)
def test_a_name_gives_its_part(name, part):
    assert mid_rule.name_part(name) == part


@pytest.mark.parametrize("name", ["臺灣 Example", "Łódź Example", "Øre Example"])
def test_a_name_that_ascii_cannot_hold_is_refused_and_not_guessed(name):
    with pytest.raises(BadIdentifier, match="MRX-1107"):
        mid_rule.name_part(name)


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("No.5 12th Floor Example Road", "12"),
        ("No.5 12th Road", "5"),
        ("5 1st Ave. 2nd Road", "5"),
        ("Ｎｏ．１２－３", "123"),
        ("PO Box 0042", "0042"),
        ("12 - 34 Example Road", "34"),
        ("", ""),
    ],
)
def test_a_street_line_gives_its_number(line, part):
    assert mid_rule.address_part(line) == part


def test_a_derivation_without_its_result_is_invalid():
    assert verdict("MID-ADDRESS-PART", "One World Trade Center =>") is Verdict.VALID
    assert verdict("MID-ADDRESS-PART", "") is Verdict.INVALID
