"""EU-AEO, the number of an authorisation as authorised economic operator in the European Union.

Two letters of the state, AEO and the kind (C customs simplifications, S security and safety, F
both), then the state's own number. Issued by the state's customs. Source: Delegated Regulation
(EU) 2016/341, Annex 7 (prefix confirmed; the tail's characters, and 35 for the whole, inferred;
domain/partners.md section 6.1). There is no check digit.

>>> parse("DEAEOF1234567890")
'DEAEOF1234567890'
>>> parse("DEAEOX1234567890")  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
schemas.errors.BadIdentifier: MRX-1107 ...
"""

import re

from schemas.errors import BadIdentifier

SCHEME = "EU-AEO"
_SHAPE = re.compile(r"[A-Z]{2}AEO[CSF][0-9A-Z/.\-]{1,29}")


def parse(text: str) -> str:
    """Return the number, or raise `BadIdentifier`."""
    if _SHAPE.fullmatch(text) is None:
        raise BadIdentifier("MRX-1107", scheme=SCHEME)
    return text
