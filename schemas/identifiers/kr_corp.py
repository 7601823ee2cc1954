"""KR-CORP, the Korean corporate registration number (법인등록번호).

Thirteen digits, written 000000-0000000, the last a check digit. The dash is how people write it,
not part of it. Issued by the registry courts (등기소). Source: python-stdnum has no module;
algorithm A5 of domain/partners.md section 4 (confirmed).

>>> parse("999911-0000011"), parse("9999110000011")
('9999110000011', '9999110000011')
>>> check("9999110000011"), check("9999110000012")
(True, False)
>>> parse("999911000001")  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
schemas.errors.BadIdentifier: MRX-1107 ...
"""

import re

from schemas.errors import BadIdentifier

SCHEME = "KR-CORP"
_SHAPE = re.compile(r"[0-9]{6}-?[0-9]{7}")


def parse(text: str) -> str:
    """Return the number without its dash, or raise `BadIdentifier`."""
    if _SHAPE.fullmatch(text) is None:
        raise BadIdentifier("MRX-1107", scheme=SCHEME)
    return text.replace("-", "")


def check(value: str) -> bool:
    """Whether the last digit completes the others, weighted 1 and 2 in turn."""
    digits = [int(n) for n in value]
    return -(sum(digits[0:12:2]) + 2 * sum(digits[1:12:2])) % 10 == digits[12]
