"""SCAC (Standard Carrier Alpha Code), the code of a carrier in US transport.

Two to four letters. Four is the normal case; two and three belong to railroads and to carriers
of passengers by road. A last letter U, X or Z is reserved for containers, private railcars and
chassis; carriers use such codes all the same, so it is unusual and not wrong. A code with a
digit is some other carrier code, often Canada's: keep the scheme with the value.

Issued by the National Motor Freight Traffic Association (NMFTA) to the operating company, which
may hold several. Source: NMFTA help centre, "How SCAC Codes Are Assigned", and X12 data element
140 (confirmed; domain/ctpat.md section 4.1). There is no check digit.

>>> parse("QXQQ")
'QXQQ'
>>> unusual("QXQQ"), unusual("QXQ"), unusual("QXQU")
(False, True, True)
>>> parse("1XQQ")  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
schemas.errors.BadIdentifier: MRX-1107 ...
>>> parse("qxqq")  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
schemas.errors.BadIdentifier: MRX-1107 ...
"""

import re

from schemas.errors import BadIdentifier

SCHEME = "SCAC"
_SHAPE = re.compile(r"[A-Z]{2,4}")


def parse(text: str) -> str:
    """Return the code, or raise `BadIdentifier`."""
    if _SHAPE.fullmatch(text) is None:
        raise BadIdentifier("MRX-1107", scheme=SCHEME)
    return text


def unusual(value: str) -> bool:
    """Whether a person should look at the code: short, or with a reserved last letter."""
    return len(value) < 4 or value[-1] in "UXZ"
