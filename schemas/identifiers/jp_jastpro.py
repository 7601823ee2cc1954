"""JP-JASTPRO, the code of a Japanese trader in the standard importer and exporter list (日本輸出入者標準コード).

P and eleven letters or digits. Issued by JASTPRO (日本貿易関係手続簡易化協会). Source: NACCS notice
2024061700011 (confirmed; domain/partners.md section 6.2). No check digit is known.

>>> parse("P99999999999")
'P99999999999'
>>> parse("99999999999")  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
schemas.errors.BadIdentifier: MRX-1107 ...
"""

import re

from schemas.errors import BadIdentifier

SCHEME = "JP-JASTPRO"
_SHAPE = re.compile(r"P[A-Z0-9]{11}")


def parse(text: str) -> str:
    """Return the code, or raise `BadIdentifier`."""
    if _SHAPE.fullmatch(text) is None:
        raise BadIdentifier("MRX-1107", scheme=SCHEME)
    return text
