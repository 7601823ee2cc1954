"""TW-AEO, the number of a Taiwanese certified company (優質企業).

TW and nine letters or digits, as it is declared in China; what the nine mean is unknown. Issued
by Taiwan's Customs Administration (財政部關務署). Source: GACC announcement 2016/49 (length
confirmed, alphabet inferred; domain/partners.md section 5.3). No check digit is known.

>>> parse("TW123456789")
'TW123456789'
>>> parse("123456789")  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
schemas.errors.BadIdentifier: MRX-1107 ...
"""

import re

from schemas.errors import BadIdentifier

SCHEME = "TW-AEO"
_SHAPE = re.compile(r"TW[A-Z0-9]{9}")


def parse(text: str) -> str:
    """Return the number, or raise `BadIdentifier`."""
    if _SHAPE.fullmatch(text) is None:
        raise BadIdentifier("MRX-1107", scheme=SCHEME)
    return text
