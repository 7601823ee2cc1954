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

import secrets

from schemas.errors import BadIdentifier

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PATTERN = f"[{ALPHABET}]{{12}}"
_SINGLE = {c: n for n, c in enumerate(ALPHABET)}
# A doubled value is folded into one digit again: its base-32 digits are added.
_DOUBLED = {c: n * 2 // 32 + n * 2 % 32 for n, c in enumerate(ALPHABET)}
# Two characters at a time, of which the first is doubled: millions of references pass here.
_PAIRS = {a + b: _DOUBLED[a] + n for a in ALPHABET for n, b in enumerate(ALPHABET)}
_TEN_BITS = tuple(_PAIRS)
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


def new() -> str:
    """Draw a reference nobody can guess."""
    bits = secrets.randbits(55)
    pairs = [_TEN_BITS[bits >> shift & 1023] for shift in (45, 35, 25, 15, 5)]
    body = f"{''.join(pairs)}{ALPHABET[bits & 31]}"
    return body + check_character(body)


def check_character(body: str) -> str:
    """Return the character that completes eleven others.

    >>> check_character("7ZKQ3M9RTW4")
    'R'
    """
    pairs = _PAIRS
    total = (
        pairs[body[0:2]]
        + pairs[body[2:4]]
        + pairs[body[4:6]]
        + pairs[body[6:8]]
        + pairs[body[8:10]]
        + _DOUBLED[body[10:]]
    )
    return ALPHABET[-total % 32]


def is_ref(text: str) -> bool:
    """Whether this is a reference in its one written form (as it travels)."""
    doubled, single = _DOUBLED, _SINGLE
    try:
        a, b, c, d, e, f, g, h, i, j, k, check = text  # type: ignore[str-unpack]  # as is meant
        odd = doubled[a] + doubled[c] + doubled[e] + doubled[g] + doubled[i] + doubled[k]
        even = single[b] + single[d] + single[f] + single[h] + single[j] + single[check]
    except (ValueError, KeyError):  # too short, too long, or a character of no reference
        return False
    return (odd + even) % 32 == 0


def parse(text: str) -> str:
    """Read a reference as people type it: any case, dashes and spaces, O for 0, I or L for 1."""
    compact = text.upper().translate(_READ_AS)
    if not is_ref(compact):
        raise BadIdentifier("MRX-1107", scheme="ref")
    return compact
