"""What may be said of a number under any word in use, whether a record may carry it or not.

Some words name a form that stands in customs declarations only, or a number that must never
leave; some name a derivation, written `input => output`. They are listed here, and are no schemes
of a record. Sources: domain/partners.md sections 1, 5 and 6, domain/ctpat.md sections 3 and 4.

>>> print(verdict("TW-UBN", "00501502"))
valid-shape-bad-check
>>> print(verdict("JP-MR12-FROM-MY", "MY12345H100001 => A1234510MY00"))
valid
>>> print(verdict("IOR-SSN", "000-12-3456"), verdict("ICR", "000-12-3456"))
valid invalid
"""

import re
from collections.abc import Callable
from enum import StrEnum

from schemas.errors import BadIdentifier
from schemas.identifiers import icr, jp_mr12, mid_rule
from schemas.identifiers.schemes import ALIASES, CHECKS, SCHEMES, parse


class Verdict(StrEnum):
    VALID = "valid"
    BAD_CHECK = "valid-shape-bad-check"
    INVALID = "invalid"


# Words of one form of a scheme, and the forms in which declarations in China write a member.
_SAME_AS = {**ALIASES, "TW-AEO-CN": "TW-AEO", "IL-AEO-CN": "IL-AEO"}

_FORMS = {
    "IOR-EIN": icr.EIN,
    "IOR-CBP": icr.CBP,
    "IOR-SSN": icr.SSN,
    "CTPAT-ACCOUNT": re.compile(r"[0-9]{5,9}"),
    # Year, customs office, broker's licence, serial number: a declaration, not a company.
    "MX-PEDIMENTO": re.compile(r"[0-9]{2} ?[0-9]{2} ?[0-9]{4} ?[0-9]{7}"),
    # Country, agency of UN/EDIFACT 3055, number: box 2 of the old single document.
    "EU-SAD-THIRD-COUNTRY": re.compile(r"[A-Z]{2}[A-Z0-9]{3}[A-Z0-9]{1,13}"),
    "JP-AEO-CN": re.compile(r"JP[0-9]{17}"),
    # One example is published, NZ1234; the length is unknown and bounded by that of a TIN.
    "NZ-AEO-CN": re.compile(r"NZ[A-Z0-9]{1,15}"),
    "SG-AEO-CN": re.compile(r"SG[A-Z0-9]{12}"),
    "SG-AEO-CN-OLD": re.compile(r"AEO<SG[A-Z0-9]{12}>"),
}

_DERIVATIONS: dict[str, Callable[[str], str]] = {
    "MID-NAME-PART": mid_rule.name_part,
    "MID-ADDRESS-PART": mid_rule.address_part,
    "MID-CITY-PART": mid_rule.city_part,
    "JP-MR12-FROM-AU": jp_mr12.from_australia,
    "JP-MR12-FROM-MY": jp_mr12.from_malaysia,
}


def verdict(scheme: str, text: str) -> Verdict:
    """Judge `text` under a scheme, a form or a derivation; MRX-1106 if the word is unknown.

    A derivation is valid if its input gives exactly its output.
    """
    name = _SAME_AS.get(scheme, scheme)
    if name in SCHEMES:
        return _number(name, text)
    if name in _FORMS:
        return Verdict.INVALID if _FORMS[name].fullmatch(text) is None else Verdict.VALID
    if name in _DERIVATIONS:
        return _derivation(_DERIVATIONS[name], text)
    raise BadIdentifier("MRX-1106")


def _number(scheme: str, text: str) -> Verdict:
    try:
        value = parse(scheme, text)
    except BadIdentifier:
        return Verdict.INVALID
    check = CHECKS.get(scheme)
    return Verdict.VALID if check is None or check(value) else Verdict.BAD_CHECK


def _derivation(derive: Callable[[str], str], text: str) -> Verdict:
    source, arrow, claimed = text.rpartition("=>")
    try:
        derived = derive(source.strip())
    except BadIdentifier:
        return Verdict.INVALID
    return Verdict.VALID if arrow and derived == claimed.strip() else Verdict.INVALID
