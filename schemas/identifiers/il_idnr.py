"""IL-IDNR, the number of an Israeli dealer or person (מספר עוסק, מספר זהות).

Nine digits, the last a Luhn check digit; companies have one of their own range (`il_hp`). Issued
by the Israel Tax Authority or the Population Authority. Source: python-stdnum (confirmed;
domain/partners.md section 5.4).

>>> parse("123456782")
'123456782'
>>> check("123456782"), check("123456783")
(True, False)
>>> parse("12345678")  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
schemas.errors.BadIdentifier: MRX-1107 ...
"""

import re

from stdnum.il import idnr

from schemas.errors import BadIdentifier

SCHEME = "IL-IDNR"
_SHAPE = re.compile(r"[0-9]{9}")


def parse(text: str) -> str:
    """Return the number, or raise `BadIdentifier`."""
    if _SHAPE.fullmatch(text) is None:
        raise BadIdentifier("MRX-1107", scheme=SCHEME)
    return text


def check(value: str) -> bool:
    """Whether the last digit completes the Luhn sum, and there is more than zeros."""
    return idnr.is_valid(value)
