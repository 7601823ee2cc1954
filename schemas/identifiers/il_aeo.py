"""IL-AEO, the number of an Israeli authorised economic operator (גורם כלכלי מאושר).

IL and nine digits, as it is declared in China; the nine are probably the company number
(inferred), so no check digit is asked of them. Issued by the Israel Tax Authority (רשות המסים).
Source: GACC announcement 2018/116 (confirmed; domain/partners.md section 5.4).

>>> parse("IL599999992")
'IL599999992'
>>> parse("599999992")  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
schemas.errors.BadIdentifier: MRX-1107 ...
"""

import re

from schemas.errors import BadIdentifier

SCHEME = "IL-AEO"
_SHAPE = re.compile(r"IL[0-9]{9}")


def parse(text: str) -> str:
    """Return the number, or raise `BadIdentifier`."""
    if _SHAPE.fullmatch(text) is None:
        raise BadIdentifier("MRX-1107", scheme=SCHEME)
    return text
