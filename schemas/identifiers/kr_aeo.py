"""KR-AEO, the number of a Korean certified company (수출입 안전관리 우수업체 공인번호).

Twelve characters, as used with Japan (secondary); letters and digits is inferred, the structure
unknown. Issued by the Korea Customs Service (관세청). Source: domain/partners.md section 5.5. No
check digit is known.

>>> parse("KRAEO0000001")
'KRAEO0000001'
>>> parse("KRAEO000001")  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
schemas.errors.BadIdentifier: MRX-1107 ...
"""

import re

from schemas.errors import BadIdentifier

SCHEME = "KR-AEO"
_SHAPE = re.compile(r"[A-Z0-9]{12}")


def parse(text: str) -> str:
    """Return the number, or raise `BadIdentifier`."""
    if _SHAPE.fullmatch(text) is None:
        raise BadIdentifier("MRX-1107", scheme=SCHEME)
    return text
