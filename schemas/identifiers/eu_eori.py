"""EU-EORI (Economic Operators Registration and Identification number).

Two letters of the state that issued it and up to fifteen letters or digits. There is no check
digit at Union level. Source: HMRC ctc-traders-phase5-tis, rule R0850 (confirmed;
domain/partners.md section 6.1). Numbers of third countries are `eu_tcuin`: they keep their case.

>>> parse("DE000000000000000")
'DE000000000000000'
>>> parse("DE0000000000000000")  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
schemas.errors.BadIdentifier: MRX-1107 ...
>>> parse("D0000000")  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
schemas.errors.BadIdentifier: MRX-1107 ...
"""

import re

from schemas.errors import BadIdentifier

SCHEME = "EU-EORI"
_SHAPE = re.compile(r"[A-Z]{2}[A-Z0-9]{1,15}")


def parse(text: str) -> str:
    """Return the number, or raise `BadIdentifier`."""
    if _SHAPE.fullmatch(text) is None:
        raise BadIdentifier("MRX-1107", scheme=SCHEME)
    return text
