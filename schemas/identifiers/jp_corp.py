"""JP-CORP, the Japanese corporate number (法人番号).

Thirteen digits, the first a check digit from 1 to 9. Issued by the National Tax Agency (国税庁).
Source: python-stdnum (confirmed; algorithm A6 of domain/partners.md section 4).

>>> parse("9999999999990")
'9999999999990'
>>> check("9999999999990"), check("2835678256246")
(True, False)
>>> parse("999999999999")  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
schemas.errors.BadIdentifier: MRX-1107 ...
"""

import re

from stdnum.jp import cn

from schemas.errors import BadIdentifier

SCHEME = "JP-CORP"
_SHAPE = re.compile(r"[0-9]{13}")


def parse(text: str) -> str:
    """Return the number, or raise `BadIdentifier`."""
    if _SHAPE.fullmatch(text) is None:
        raise BadIdentifier("MRX-1107", scheme=SCHEME)
    return text


def check(value: str) -> bool:
    """Whether the first digit completes the other twelve."""
    return cn.calc_check_digit(value[1:]) == value[0]
