"""SG-UEN, Singapore's unique entity number.

Three forms, each with a check letter at its end: a business has eight digits, a local company
nine (the first four the year of its registration), any other entity R, S or T (the century), two
digits of the year, two letters of its kind and four digits. Whether a year lies in the future is
not asked: the answer would change with the day.

Issued by the Accounting and Corporate Regulatory Authority (ACRA). Source: python-stdnum
(confirmed; algorithm A7 of domain/partners.md section 4).

>>> parse("53999999K"), parse("199999999K"), parse("T14LL9999J")
('53999999K', '199999999K', 'T14LL9999J')
>>> check("53999999K"), check("199999999A"), check("T14LL9999J"), check("T14OI9999J")
(True, False, True, False)
>>> parse("123456")  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
schemas.errors.BadIdentifier: MRX-1107 ...
"""

import re

from stdnum.sg import uen

from schemas.errors import BadIdentifier

SCHEME = "SG-UEN"
_SHAPE = re.compile(r"[0-9]{8,9}[A-Z]|[RST][0-9]{2}[A-Z]{2}[0-9]{4}[A-Z]")


def parse(text: str) -> str:
    """Return the number, or raise `BadIdentifier`."""
    if _SHAPE.fullmatch(text) is None:
        raise BadIdentifier("MRX-1107", scheme=SCHEME)
    return text


def check(value: str) -> bool:
    """Whether the last letter completes the rest, by the rule of the number's form."""
    if len(value) == 9:
        return uen.calc_business_check_digit(value) == value[-1]
    if value[0].isdigit():
        return uen.calc_local_company_check_digit(value) == value[-1]
    # The check alphabet has no I, O, Y and Z, and no kind of entity is written with them.
    return not set("IOYZ") & set(value[3:5]) and uen.calc_other_check_digit(value) == value[-1]
