"""MX-PATENTE, the licence number of a Mexican customs broker (patente de agente aduanal).

Four digits; a left zero is part of it. Issued by the Mexican tax administration (SAT). Source:
Anexo 22 of the foreign trade rules, RGCE (confirmed; domain/partners.md section 5.1). There is no
check digit.

>>> parse("0123")
'0123'
>>> parse("123")  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
schemas.errors.BadIdentifier: MRX-1107 ...
"""

import re

from schemas.errors import BadIdentifier

SCHEME = "MX-PATENTE"
_SHAPE = re.compile(r"[0-9]{4}")


def parse(text: str) -> str:
    """Return the number, or raise `BadIdentifier`."""
    if _SHAPE.fullmatch(text) is None:
        raise BadIdentifier("MRX-1107", scheme=SCHEME)
    return text
