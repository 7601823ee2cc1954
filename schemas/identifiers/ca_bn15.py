"""CA-BN15, a programme account of a Canadian business (compte de programme).

The business number, two letters of the programme and four digits. RM is the import and export
account; RC, RP and RT are income tax, payroll and sales tax. Issued by the Canada Revenue Agency.
Source: domain/partners.md section 5.2 and python-stdnum, which knows these four (confirmed).

>>> parse("999999998RM0001")
'999999998RM0001'
>>> check("999999998RM0001"), check("123456783RM0001")
(True, False)
>>> parse("999999998RZ0001")  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
schemas.errors.BadIdentifier: MRX-1107 ...
>>> parse("999999998")  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
schemas.errors.BadIdentifier: MRX-1107 ...
"""

import re

from stdnum import luhn

from schemas.errors import BadIdentifier

SCHEME = "CA-BN15"
_SHAPE = re.compile(r"[0-9]{9}(?:RC|RM|RP|RT)[0-9]{4}")


def parse(text: str) -> str:
    """Return the number, or raise `BadIdentifier`."""
    if _SHAPE.fullmatch(text) is None:
        raise BadIdentifier("MRX-1107", scheme=SCHEME)
    return text


def check(value: str) -> bool:
    """Whether the ninth digit completes the Luhn sum."""
    return luhn.is_valid(value[:9])
