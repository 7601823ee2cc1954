"""IL-HP, the number of an Israeli company (מספר חברה, ח.פ.).

Nine digits, the first a 5, the last a Luhn check digit; it is the company's VAT number too. Other
dealers have another first digit: they are `il_idnr`. Issued by the Registrar of Companies (רשם
החברות). Source: python-stdnum (confirmed; domain/partners.md section 5.4).

>>> parse("599999992")
'599999992'
>>> check("599999992"), check("599999990")
(True, False)
>>> parse("416179157")  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
schemas.errors.BadIdentifier: MRX-1107 ...
>>> parse("59999999")  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
schemas.errors.BadIdentifier: MRX-1107 ...
"""

import re

from stdnum import luhn

from schemas.errors import BadIdentifier

SCHEME = "IL-HP"
_SHAPE = re.compile(r"5[0-9]{8}")


def parse(text: str) -> str:
    """Return the number, or raise `BadIdentifier`."""
    if _SHAPE.fullmatch(text) is None:
        raise BadIdentifier("MRX-1107", scheme=SCHEME)
    return text


def check(value: str) -> bool:
    """Whether the last digit completes the Luhn sum."""
    return luhn.is_valid(value)
