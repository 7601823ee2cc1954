"""KR-BRN, the Korean business registration number (사업자등록번호).

Ten digits, written 000-00-00000: the tax office (101 and above), the kind of business (not 00), a
serial number (not 0000) and a check digit. The dashes are how people write it, not part of it.

Issued by the National Tax Service (국세청). Source: python-stdnum for the parts, which has no check
digit, and public implementations for the check digit (confirmed; algorithm A4 of
domain/partners.md section 4).

>>> parse("999-81-99992"), parse("9998199992")
('9998199992', '9998199992')
>>> check("9998199992"), check("9998199993"), check("1008199990")
(True, False, False)
>>> parse("123456789")  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
schemas.errors.BadIdentifier: MRX-1107 ...
"""

import re

from schemas.errors import BadIdentifier

SCHEME = "KR-BRN"
_SHAPE = re.compile(r"[0-9]{3}-?[0-9]{2}-?[0-9]{5}")
_WEIGHTS = (1, 3, 7, 1, 3, 7, 1, 3, 5)


def parse(text: str) -> str:
    """Return the number without dashes, or raise `BadIdentifier`."""
    if _SHAPE.fullmatch(text) is None:
        raise BadIdentifier("MRX-1107", scheme=SCHEME)
    return text.replace("-", "")


def check(value: str) -> bool:
    """Whether the parts are within their ranges and the last digit completes the others."""
    if value[:3] < "101" or value[3:5] == "00" or value[5:9] == "0000":
        return False
    digits = [int(n) for n in value]
    total = sum(weight * n for weight, n in zip(_WEIGHTS, digits[:9], strict=True))
    return -(total + 5 * digits[8] // 10) % 10 == digits[9]
