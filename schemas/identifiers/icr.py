"""ICR, the importer number of US customs (importer of record number, IOR).

Two forms are taken:

- NN-NNNNNNNXX: the employer identification number of the tax service and a suffix of two digits
  or letters, without O, I and Z;
- YYDDPP-NNNNN: assigned by customs (year, district and port, serial number).

A third form exists, NNN-NN-NNNN: a person's social security number. It is refused with a code of
its own, and so are nine digits without dashes, which may be one: such a number never enters the
gateway, so it cannot leave it. A plain employer number without its suffix is no importer number.

The consent text says ICR; no source expands the letters, and IOR is almost certainly what was
meant (inferred). Forms: CBP Form 5106 (confirmed; domain/ctpat.md section 4.2). The refusal of
the third form and of nine digits is inferred, and strict. There is no check digit.

>>> parse("12-3456789AB"), parse("149900-00001")
('12-3456789AB', '149900-00001')
>>> parse("00-1234567O1")  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
schemas.errors.BadIdentifier: MRX-1107 ...
>>> parse("000-12-3456")  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
schemas.errors.BadIdentifier: MRX-1108 ...
>>> parse("000123456")  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
schemas.errors.BadIdentifier: MRX-1108 ...
"""

import re

from schemas.errors import BadIdentifier

SCHEME = "ICR"
EIN = re.compile(r"[0-9]{2}-[0-9]{7}[0-9A-HJ-NP-Y]{2}")
CBP = re.compile(r"[0-9]{6}-[0-9]{5}")
SSN = re.compile(r"[0-9]{3}-[0-9]{2}-[0-9]{4}")
_SHAPE = re.compile(f"{EIN.pattern}|{CBP.pattern}")
# However it is spaced: it is refused either way, and this code tells the sender why.
_PERSONAL = re.compile(r"[0-9]{3}[- ]?[0-9]{2}[- ]?[0-9]{4}")


def parse(text: str) -> str:
    """Return the number, or raise `BadIdentifier` (MRX-1108 for a social security number)."""
    if _SHAPE.fullmatch(text) is None:
        personal = _PERSONAL.fullmatch(text) is not None
        raise BadIdentifier("MRX-1108" if personal else "MRX-1107", scheme=SCHEME)
    return text
