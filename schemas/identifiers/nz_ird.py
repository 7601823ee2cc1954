"""NZ-IRD, the New Zealand tax number (IRD number, te tari taake).

Eight or nine digits, above 10,000,000 and below 150,000,000, the last a check digit; often
written 00-000-000. The dashes and a left zero are how people write it, not part of it.

Issued by Inland Revenue. Source: its RWT and NRWT specification document, python-stdnum
(confirmed; algorithm A8 of domain/partners.md section 4).

>>> parse("49091850"), parse("49-091-850"), parse("049091850")
('49091850', '49091850', '49091850')
>>> check("136410132"), check("136410133")
(True, False)
>>> parse("9125568")  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
schemas.errors.BadIdentifier: MRX-1107 ...
>>> parse("150000000")  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
schemas.errors.BadIdentifier: MRX-1107 ...
"""

import re

from stdnum.nz import ird

from schemas.errors import BadIdentifier

SCHEME = "NZ-IRD"
_SHAPE = re.compile(r"[0-9]{2,3}-?[0-9]{3}-?[0-9]{3}")


def parse(text: str) -> str:
    """Return the number without dashes and left zero, or raise `BadIdentifier`."""
    digits = text.replace("-", "").removeprefix("0")
    if _SHAPE.fullmatch(text) is None or not 10_000_000 < int(digits) < 150_000_000:
        raise BadIdentifier("MRX-1107", scheme=SCHEME)
    return digits


def check(value: str) -> bool:
    """Whether the last digit completes the others, with the first or the second weights."""
    return ird.calc_check_digit(value[:-1]) == value[-1]
