"""TW-FORWARDER, the box number of a Taiwanese freight forwarder (承攬業 箱號).

Three characters, the first an O: Keelung OA1 to OFZ, Taipei OG1 to OLZ, Taichung OM1 to OQZ,
Kaohsiung OR1 to OZZ. Issued by the customs office. Source: web.customs.gov.tw/singlehtml/1207
(confirmed; domain/partners.md section 5.3). There is no check digit.

>>> parse("OA1")
'OA1'
>>> parse("XA1")  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
schemas.errors.BadIdentifier: MRX-1107 ...
"""

import re

from schemas.errors import BadIdentifier

SCHEME = "TW-FORWARDER"
_SHAPE = re.compile(r"O[A-Z][1-9A-Z]")


def parse(text: str) -> str:
    """Return the number, or raise `BadIdentifier`."""
    if _SHAPE.fullmatch(text) is None:
        raise BadIdentifier("MRX-1107", scheme=SCHEME)
    return text
