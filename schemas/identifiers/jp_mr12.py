"""JP-MR12, the code by which Japanese customs knows a partner's member (海外仕出人・仕向人コード).

Twelve letters or digits. It is derived from the partner's own number, by a rule for each partner:
Australia's and Malaysia's are published, those of the United States and Korea are not. The
Malaysian rule drops the serial number, so two members can share a code: it is not reversible.

Source: NACCS notice 2019091700070 and Japan's Ministry of Finance, notice of February 2015
(confirmed; domain/partners.md section 1). No check digit is known.

>>> parse("A12345678901")
'A12345678901'
>>> from_australia("12345678901"), from_malaysia("MY12345H100001")
('A12345678901', 'A1234510MY00')
>>> parse("A1234567890")  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
schemas.errors.BadIdentifier: MRX-1107 ...
>>> from_malaysia("12345678901")  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
schemas.errors.BadIdentifier: MRX-1107 ...
"""

import re

from schemas.errors import BadIdentifier

SCHEME = "JP-MR12"
_SHAPE = re.compile(r"[A-Z0-9]{12}")
_AUSTRALIA = re.compile(r"[0-9]{11}")
_MALAYSIA = re.compile(r"MY([0-9]{5})H([0-9]{2})[0-9]{4}")


def parse(text: str) -> str:
    """Return the code, or raise `BadIdentifier`."""
    if _SHAPE.fullmatch(text) is None:
        raise BadIdentifier("MRX-1107", scheme=SCHEME)
    return text


def from_australia(number: str) -> str:
    """Return the code of an Australian business number (11 digits), or raise `BadIdentifier`."""
    if _AUSTRALIA.fullmatch(number) is None:
        raise BadIdentifier("MRX-1107", scheme=SCHEME)
    return f"A{number}"


def from_malaysia(number: str) -> str:
    """Return the code of a Malaysian number (MY, 5 digits, H, year, serial number), or raise."""
    match = _MALAYSIA.fullmatch(number)
    if match is None:
        raise BadIdentifier("MRX-1107", scheme=SCHEME)
    return f"A{match[1]}{match[2]}MY00"
