"""CA-CARRIER, a carrier code of the Canada Border Services Agency (CBSA).

Exactly four letters or digits, one for a legal entity and mode. It looks like a SCAC: keep the
scheme with the value. Source: CIFFA fact sheet of August 2014 and BorderConnect wiki (confirmed;
domain/partners.md section 5.2). There is no check digit.

>>> parse("ZZZ9")
'ZZZ9'
>>> parse("ZZZ")  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
schemas.errors.BadIdentifier: MRX-1107 ...
"""

import re

from schemas.errors import BadIdentifier

SCHEME = "CA-CARRIER"
_SHAPE = re.compile(r"[A-Z0-9]{4}")


def parse(text: str) -> str:
    """Return the code, or raise `BadIdentifier`."""
    if _SHAPE.fullmatch(text) is None:
        raise BadIdentifier("MRX-1107", scheme=SCHEME)
    return text
