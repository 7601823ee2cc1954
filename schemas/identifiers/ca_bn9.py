"""CA-BN9, the Canadian business number (numéro d'entreprise).

Nine digits, the last a Luhn check digit. Issued by the Canada Revenue Agency; one PIP security
profile belongs to one number. Source: CBSA PIP tips and python-stdnum (confirmed;
domain/partners.md section 5.2).

>>> parse("999999998")
'999999998'
>>> check("999999998"), check("123456783")
(True, False)
>>> parse("99999999")  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
schemas.errors.BadIdentifier: MRX-1107 ...
"""

import re

from stdnum import luhn

from schemas.errors import BadIdentifier

SCHEME = "CA-BN9"
_SHAPE = re.compile(r"[0-9]{9}")


def parse(text: str) -> str:
    """Return the number, or raise `BadIdentifier`."""
    if _SHAPE.fullmatch(text) is None:
        raise BadIdentifier("MRX-1107", scheme=SCHEME)
    return text


def check(value: str) -> bool:
    """Whether the last digit completes the Luhn sum."""
    return luhn.is_valid(value)
