"""TCUIN (third-country unique identification number), as the European Union takes it.

Two letters of the country and up to fifteen printable ASCII characters without a space, in the
case they came in. Issued by the third country, under its arrangement with the Union. Source: HMRC
ctc-traders-phase5-tis, rule R0850 (confirmed; domain/partners.md section 6.1). No check digit.

>>> parse("USpt20130510")
'USpt20130510'
>>> parse("US 12345678")  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
schemas.errors.BadIdentifier: MRX-1107 ...
>>> parse("US1234567890ABCDEF")  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
schemas.errors.BadIdentifier: MRX-1107 ...
"""

import re

from schemas.errors import BadIdentifier

SCHEME = "TCUIN"
_SHAPE = re.compile(r"[A-Z]{2}[\x21-\x7E]{1,15}")


def parse(text: str) -> str:
    """Return the number, or raise `BadIdentifier`."""
    if _SHAPE.fullmatch(text) is None:
        raise BadIdentifier("MRX-1107", scheme=SCHEME)
    return text
