"""SG-AEO, the code of a member of Singapore's Secure Trade Partnership.

AEOSG and twelve letters or digits. Issued by Singapore Customs. Source: TradeNet AEO declaration
guide, declarators.com.sg (confirmed; domain/partners.md section 6.5). No check digit is known.

>>> parse("AEOSG123456789012")
'AEOSG123456789012'
>>> parse("AEOSG12345678901")  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
schemas.errors.BadIdentifier: MRX-1107 ...
"""

import re

from schemas.errors import BadIdentifier

SCHEME = "SG-AEO"
_SHAPE = re.compile(r"AEOSG[A-Z0-9]{12}")


def parse(text: str) -> str:
    """Return the code, or raise `BadIdentifier`."""
    if _SHAPE.fullmatch(text) is None:
        raise BadIdentifier("MRX-1107", scheme=SCHEME)
    return text
