"""NZ-NZBN, the New Zealand Business Number.

Thirteen digits, a GS1 location number, the last an EAN-13 check digit. Issued by the NZBN
Registrar. Source: python-stdnum's `ean` (confirmed; algorithm A9 of domain/partners.md section 4).

>>> parse("9429999999996")
'9429999999996'
>>> check("9429999999996"), check("9429999999997")
(True, False)
>>> parse("942999999999")  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
schemas.errors.BadIdentifier: MRX-1107 ...
"""

import re

from stdnum import ean

from schemas.errors import BadIdentifier

SCHEME = "NZ-NZBN"
_SHAPE = re.compile(r"[0-9]{13}")


def parse(text: str) -> str:
    """Return the number, or raise `BadIdentifier`."""
    if _SHAPE.fullmatch(text) is None:
        raise BadIdentifier("MRX-1107", scheme=SCHEME)
    return text


def check(value: str) -> bool:
    """Whether the last digit completes the EAN-13 sum."""
    return ean.is_valid(value)
