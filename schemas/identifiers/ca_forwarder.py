"""CA-FORWARDER, a freight forwarder's code of the Canada Border Services Agency (CBSA).

A carrier code of the 8000 series: an 8 and three letters or digits. Source: CIFFA fact sheet of
August 2014 and BorderConnect wiki (confirmed; domain/partners.md section 5.2). There is no check
digit.

>>> parse("8ZZZ")
'8ZZZ'
>>> parse("ZZZ8")  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
schemas.errors.BadIdentifier: MRX-1107 ...
"""

import re

from schemas.errors import BadIdentifier

SCHEME = "CA-FORWARDER"
_SHAPE = re.compile(r"8[A-Z0-9]{3}")


def parse(text: str) -> str:
    """Return the code, or raise `BadIdentifier`."""
    if _SHAPE.fullmatch(text) is None:
        raise BadIdentifier("MRX-1107", scheme=SCHEME)
    return text
