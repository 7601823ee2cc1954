"""JP-CUSTOMS, a trader's number in Japanese customs declarations (輸出入者コード).

Seventeen digits: the corporate number of thirteen and four more (split inferred, so the check
digit inside is not asked for). Source: NACCS notice 2024061700011 (length confirmed;
domain/partners.md section 6.2).

>>> parse("99999999999900000")
'99999999999900000'
>>> parse("9999999999990")  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
schemas.errors.BadIdentifier: MRX-1107 ...
"""

import re

from schemas.errors import BadIdentifier

SCHEME = "JP-CUSTOMS"
_SHAPE = re.compile(r"[0-9]{17}")


def parse(text: str) -> str:
    """Return the number, or raise `BadIdentifier`."""
    if _SHAPE.fullmatch(text) is None:
        raise BadIdentifier("MRX-1107", scheme=SCHEME)
    return text
