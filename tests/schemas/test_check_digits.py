"""Check digits and dates inside numbers; python-stdnum is asked wherever it is right."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import ean
from stdnum.ca import bn
from stdnum.il import hp, idnr
from stdnum.jp import cn
from stdnum.kr import brn
from stdnum.mx import rfc
from stdnum.nz import ird
from stdnum.sg import uen
from stdnum.tw import ubn

from schemas.identifiers import SCHEMES, Verdict, verdict

AGREED = {
    "CA-BN9": bn.is_valid,
    "CA-BN15": bn.is_valid,
    "IL-HP": hp.is_valid,
    "IL-IDNR": idnr.is_valid,
    "JP-CORP": cn.is_valid,
    "NZ-IRD": ird.is_valid,
    "NZ-NZBN": ean.is_valid,
}

MISTYPED = {
    "CA-BN9": "99999999{}",
    "CA-BN15": "99999999{}RM0001",
    "IL-HP": "59999999{}",
    "IL-IDNR": "12345678{}",
    "JP-CORP": "{}999999999990",
    "KR-BRN": "999819999{}",
    "KR-CORP": "999911000001{}",
    "NZ-IRD": "13999999{}",
    "NZ-NZBN": "942999999999{}",
}


def shapes(scheme):
    """Values of exactly the module's shape."""
    return st.from_regex(SCHEMES[scheme]._SHAPE, fullmatch=True)


def holds(scheme, number):
    return verdict(scheme, number) is Verdict.VALID


@pytest.mark.parametrize("scheme", sorted(AGREED))
@given(data=st.data())
def test_check_digits_agree_with_python_stdnum(scheme, data):
    number = data.draw(shapes(scheme))

    assert holds(scheme, number) == AGREED[scheme](number)


@given(shapes("MX-RFC"))
def test_an_rfc_agrees_with_python_stdnum(number):
    rude = number[:4] in rfc._name_blacklist and len(number) == 13

    assert (verdict("MX-RFC", number) is not Verdict.INVALID) == (rfc.is_valid(number) or rude)
    assert holds("MX-RFC", number) or not rfc.is_valid(number, validate_check_digits=True)


@given(shapes("SG-UEN"))
def test_a_uen_that_python_stdnum_takes_holds(number):
    """It refuses more: years in the future and kinds of entities it has not heard of."""
    assert holds("SG-UEN", number) or not uen.is_valid(number)


@given(st.from_regex("[0-9]{7}", fullmatch=True))
def test_the_new_taiwanese_rule_takes_all_that_the_old_one_took(body):
    numbers = [f"{body}{n}" for n in range(10)]
    old = {number for number in numbers if ubn.is_valid(number)}
    new = {number for number in numbers if holds("TW-UBN", number)}

    assert old < new


@given(shapes("KR-BRN"))
def test_a_korean_number_that_holds_has_the_parts_python_stdnum_asks_for(number):
    assert brn.is_valid(number) or not holds("KR-BRN", number)


@pytest.mark.parametrize(("scheme", "number"), MISTYPED.items())
def test_of_ten_check_digits_one_holds(scheme, number):
    verdicts = [verdict(scheme, number.format(digit)) for digit in range(10)]

    assert sorted(verdicts) == [Verdict.VALID] + [Verdict.BAD_CHECK] * 9


@pytest.mark.parametrize(
    ("date", "real"),
    [
        ("000229", True),
        ("120229", True),
        ("130229", False),
        ("990231", False),
        ("990431", False),
        ("991301", False),
        ("990100", False),
        ("991231", True),
    ],
)
def test_the_date_in_an_rfc_exists(date, real):
    assert (verdict("MX-RFC", f"ZZZ{date}AA1") is not Verdict.INVALID) is real
