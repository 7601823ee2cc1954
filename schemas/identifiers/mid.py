"""MID (manufacturer identification code), by which US customs knows a foreign plant.

At most 15 characters: two letters of the country of origin, then what whoever files the entry
derives from name, address and city (`schemas.identifiers.mid_rule`). Letters and digits only, no
spaces. For Canada the two letters are those of a province, never CA.

Nobody issues it. It is not unique, changes with the wording of an address, and one plant may
have several: a MID is never a key. A received MID is checked for its shape and not rebuilt.
Source: Appendix to 19 CFR Part 102 (confirmed; domain/ctpat.md section 4.3). No check digit.

>>> parse("AUOZR92MEL"), parse("XOABCCOM123CIT")
('AUOZR92MEL', 'XOABCCOM123CIT')
>>> parse("FRABCDEF12345BREM")  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
schemas.errors.BadIdentifier: MRX-1107 ...
>>> parse("CAABCCOM123CIT")  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
schemas.errors.BadIdentifier: MRX-1109 ...
"""

import re

from schemas.countries import MID_PREFIXES
from schemas.errors import BadIdentifier

SCHEME = "MID"
_SHAPE = re.compile(r"[A-Z]{2}[A-Z0-9]{1,13}")


def parse(text: str) -> str:
    """Return the code, or raise `BadIdentifier` (MRX-1109 for its first two letters)."""
    if _SHAPE.fullmatch(text) is None:
        raise BadIdentifier("MRX-1107", scheme=SCHEME)
    if text[:2] not in MID_PREFIXES:
        raise BadIdentifier("MRX-1109", scheme=SCHEME)
    return text
