"""MX-RFC, the Mexican taxpayer number (Registro Federal de Contribuyentes).

Three letters for a company, four for a person (A to Z, Ñ and &), the date of founding or birth as
yymmdd, and three characters (homoclave), the last a check character. The date must exist; since
the century is not written, 29 February needs a year divisible by four. About 1.5 % of real numbers
fail the check character. The two generic numbers, for the public and for foreigners, have the
shape, fail the check and are never a member's.

Issued by the Mexican tax administration (SAT). Source: python-stdnum and SAT's fictitious
taxpayers (confirmed; algorithm A2 of domain/partners.md section 4).

>>> parse("OÑO120726RX3"), parse("CACX7605101P8"), parse("L&O950913MSA")
('OÑO120726RX3', 'CACX7605101P8', 'L&O950913MSA')
>>> check("CACX7605101P8"), check("CACX7605101P9"), check("XAXX010101000")
(True, False, False)
>>> parse("ZZ140101AA1")  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
schemas.errors.BadIdentifier: MRX-1107 ...
>>> parse("ZZZ130229A10")  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
schemas.errors.BadIdentifier: MRX-1107 ...
"""

import re

from stdnum.mx import rfc

from schemas.errors import BadIdentifier

SCHEME = "MX-RFC"
_SHAPE = re.compile(r"[A-ZÑ&]{3,4}[0-9]{2}([0-9]{4})[0-9A-Z]{3}")
_HOMOCLAVE = re.compile(r"[1-9A-V][1-9A-Z][0-9A]")
_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_DATES = frozenset(
    f"{month:02}{day:02}" for month, days in enumerate(_DAYS, 1) for day in range(1, days + 1)
)


def parse(text: str) -> str:
    """Return the number, or raise `BadIdentifier`."""
    match = _SHAPE.fullmatch(text)
    if match is None or not _is_date(text[-9:-7], match[1]):
        raise BadIdentifier("MRX-1107", scheme=SCHEME)
    return text


def _is_date(year: str, day: str) -> bool:
    return day in _DATES or (day == "0229" and int(year) % 4 == 0)


def check(value: str) -> bool:
    """Whether the last character completes the others, and the homoclave has its own shape."""
    if _HOMOCLAVE.fullmatch(value[-3:]) is None:
        return False
    return rfc.calc_check_digit(value[:-1]) == value[-1]
