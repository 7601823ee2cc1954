"""CN-AEO, a Chinese certified company as it is declared abroad (经认证的经营者编码).

AEOCN and the ten digits of its customs registration. Issued by the General Administration of
Customs (海关总署). Source: GACC announcements (confirmed; domain/partners.md section 1). There is
no check digit.

>>> parse("AEOCN0123456789")
'AEOCN0123456789'
>>> parse("AEOCN012345678")  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
schemas.errors.BadIdentifier: MRX-1107 ...
"""

import re

from schemas.errors import BadIdentifier

SCHEME = "CN-AEO"
_SHAPE = re.compile(r"AEOCN[0-9]{10}")


def parse(text: str) -> str:
    """Return the code, or raise `BadIdentifier`."""
    if _SHAPE.fullmatch(text) is None:
        raise BadIdentifier("MRX-1107", scheme=SCHEME)
    return text
