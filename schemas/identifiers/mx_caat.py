"""MX-CAAT, a Mexican carrier's code (Código Alfanumérico Armonizado del Transportista).

Four characters, tied to the carrier's RFC. An older layout of five is superseded. Issued by the
Mexican tax administration (SAT). Source: SAAI bulletin P049 of 27 June 2007 (length confirmed;
letters and digits inferred; domain/partners.md section 5.1). No check digit is known. It looks
like a SCAC: keep the scheme with the value.

>>> parse("ZZ99")
'ZZ99'
>>> parse("ZZ999")  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
schemas.errors.BadIdentifier: MRX-1107 ...
"""

import re

from schemas.errors import BadIdentifier

SCHEME = "MX-CAAT"
_SHAPE = re.compile(r"[A-Z0-9]{4}")


def parse(text: str) -> str:
    """Return the code, or raise `BadIdentifier`."""
    if _SHAPE.fullmatch(text) is None:
        raise BadIdentifier("MRX-1107", scheme=SCHEME)
    return text
