"""TW-UBN, the unified business number of a Taiwanese company (統一編號).

Eight digits; left zeros are part of it. The digits are weighted 1 2 1 2 1 2 4 1 and the digits of
the products added. Until 31 March 2023 the sum had to be divisible by 10; since 1 April 2023 by 5.
Where the seventh digit is 7, the digits of its product 28 add up to 10, which may count as 1: the
sum may then be one less than divisible. At least one registered number fails both rules.

Issued by the Ministry of Finance (財政部). Source: its notice of the change, python-stdnum PR 501
and stdnum-js PR 159 (confirmed; algorithm A3 of domain/partners.md section 4). python-stdnum 2.2
still has the old rule.

>>> parse("00501503")
'00501503'
>>> check("00501503"), check("00501508"), check("00000074"), check("00501502")
(True, True, True, False)
>>> parse("9999990")  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
schemas.errors.BadIdentifier: MRX-1107 ...
"""

import re

from schemas.errors import BadIdentifier

SCHEME = "TW-UBN"
_SHAPE = re.compile(r"[0-9]{8}")
# Weight times digit, its digits added: the weights are below ten, so no product has three.
_ADDED = {weight: [weight * n // 10 + weight * n % 10 for n in range(10)] for weight in (1, 2, 4)}
_WEIGHTS = (1, 2, 1, 2, 1, 2, 4, 1)


def parse(text: str) -> str:
    """Return the number, or raise `BadIdentifier`."""
    if _SHAPE.fullmatch(text) is None:
        raise BadIdentifier("MRX-1107", scheme=SCHEME)
    return text


def check(value: str) -> bool:
    """Whether the number satisfies the rule of 1 April 2023, which the old rule implies."""
    total = sum(_ADDED[weight][int(n)] for weight, n in zip(_WEIGHTS, value, strict=True))
    return total % 5 == 0 or (value[6] == "7" and (total + 1) % 5 == 0)
