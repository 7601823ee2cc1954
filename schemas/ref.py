"""The reference by which one partner knows one member, for one life.

Twelve characters of Crockford's base 32 (no I, L, O, U): eleven random ones, 55 bits, and a
check character (Luhn modulo 32) that finds every single mistyped character.

>>> parse("7zkq-3m9r-tw4r") == parse("7ZKQ3M9RTW4R")
True
>>> parse("7ZKQ3M9RTW4K")
Traceback (most recent call last):
    ...
schemas.errors.BadIdentifier: MRX-1107 the identifier does not have the shape of its scheme (scheme: ref); correct the identifier
"""

import re
import secrets

from schemas.errors import BadIdentifier

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PATTERN = f"[{ALPHABET}]{{12}}"
_SHAPE = re.compile(PATTERN)
_VALUE = {character: value for value, character in enumerate(ALPHABET)}
# A doubled value is folded into one digit again: its base-32 digits are added.
_DOUBLED = tuple(n * 2 // 32 + n * 2 % 32 for n in range(32))
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


def new() -> str:
    """Draw a reference nobody can guess."""
    bits = secrets.randbits(55)
    body = "".join(ALPHABET[bits >> shift & 31] for shift in range(50, -1, -5))
    return body + check_character(body)


def check_character(body: str) -> str:
    """Return the character that completes eleven others.

    >>> check_character("7ZKQ3M9RTW4")
    'R'
    """
    values = [_VALUE[character] for character in reversed(body)]
    total = sum(_DOUBLED[v] for v in values[0::2]) + sum(values[1::2])
    return ALPHABET[-total % 32]


def is_ref(text: str) -> bool:
    """Whether this is a reference in its one written form (as it travels)."""
    return _SHAPE.fullmatch(text) is not None and check_character(text[:11]) == text[11]


def parse(text: str) -> str:
    """Read a reference as people type it: any case, dashes and spaces, O for 0, I or L for 1."""
    compact = text.upper().translate(_READ_AS)
    if not is_ref(compact):
        raise BadIdentifier("MRX-1107", scheme="ref")
    return compact
