"""How a MID is derived from name, address and city: the rule importers and brokers follow.

A derived MID is a plausibility aid. A received one is never rebuilt: published generators
disagree, and one plant may have several (`schemas.identifiers.mid`).

Source: Appendix to 19 CFR Part 102 and CBP Directive 3550-055, as worked out in domain/ctpat.md
section 4.3, whose step numbers stand below. Marked there as recalled, not confirmed: the generic
prefixes of step 6, and in step 10 that digits and "The" are ignored. Contested: the ordinal
streets of step 9. Inferred here: full-width forms are read as their ASCII twins and accents
dropped, as one types them for US customs; a letter or digit without an ASCII base is refused.

>>> derive("Ozrock", "92, Alice Springs Road", "Melbourne", "AU")
'AUOZR92MEL'
>>> derive("The E.K. Rodgers Companies", "", "London", "GB")
'GBEKRODLON'
>>> derive("ABC Company", "123 Main Street", "Toronto", "XO")
'XOABCCOM123TOR'
>>> derive("ABC Company", "123 Main Street", "Toronto", "CA")  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
schemas.errors.BadIdentifier: MRX-1109 ...
>>> derive("& Co", "123 Main Street", "", "US")  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
schemas.errors.BadIdentifier: MRX-1107 ...
"""

import re
import unicodedata
from itertools import groupby

from schemas.errors import BadIdentifier
from schemas.identifiers import mid

_SKIPPED = frozenset({"A", "AN", "AND", "OF", "THE"})
# Step 6, recalled: what many firms of a country begin with names none of them.
_GENERIC = (("FABRICA", "DE", "ARTIGOS", "DE", "VESTUARIO"), ("PT",), ("OAO",), ("ZAO",))
_INITIALS = re.compile(r"(?:[A-Z]\.)+[A-Z]\.?")
_EDGES = re.compile(r"^[^A-Z0-9]+|[^A-Z0-9.]+$")
_NOT_WORD = re.compile(r"[^A-Z0-9]")
_NOT_LETTER = re.compile(r"[^A-Z]")
_JOINED = re.compile(r"(?<=[0-9])(?:-|, ?)(?=[0-9])")
# "12th street": a number that names the street. An ordinal before anything else counts.
_ORDINAL_STREET = re.compile(
    r"\b[0-9]+(?:ST|ND|RD|TH) +(?:STREET|ST|AVENUE|AVE|ROAD|RD|BOULEVARD|BLVD|LANE|LN|DRIVE|DR)\b"
)
_FULL_WIDTH = {full: full - 0xFEE0 for full in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}


def derive(name: str, address: str, city: str, country: str) -> str:
    """Return the MID of a plant, or raise `BadIdentifier` where there is nothing to build from.

    `address` is the street or PO-box line alone. `country` is ISO 3166-1 alpha-2 in upper case;
    for Canada it is the province's code (`schemas.countries.PROVINCES`), else MRX-1109.
    """
    parts = name_part(name), address_part(address), city_part(city)
    if not parts[0] or not parts[2]:
        raise BadIdentifier("MRX-1107", scheme=mid.SCHEME)
    return mid.parse(country + "".join(parts))


def name_part(name: str) -> str:
    """Up to three characters of each of the first two words that count; empty if none does.

    >>> name_part("Amalgamated Plastics Corp."), name_part("Bergstrom"), name_part("B. CD Company")
    ('AMAPLA', 'BER', 'CDCOM')
    """
    words = [word for word in _with_initials_joined(_words(name)) if word not in _SKIPPED]
    for prefix in _GENERIC:
        if tuple(words[: len(prefix)]) == prefix and len(words) > len(prefix):
            words = words[len(prefix) :]
    return "".join(word[:3] for word in words[:2])


def _words(name: str) -> list[str]:
    """Step 4: `&` separates, inner dots and commas split, other punctuation vanishes."""
    words = []
    for raw in _ascii(name).replace("&", " ").split():
        token = _EDGES.sub("", raw)
        if _INITIALS.fullmatch(token):
            words.append(token.replace(".", ""))
        else:
            words += [_NOT_WORD.sub("", piece) for piece in re.split("[.,]", token)]
    return [word for word in words if word]


def _with_initials_joined(words: list[str]) -> list[str]:
    """Step 3: single letters side by side become one word, a lone one is dropped."""
    joined = []
    for single, run in groupby(words, key=lambda word: len(word) == 1 and word.isalpha()):
        group = list(run)
        joined += group if not single else ["".join(group)] * (len(group) > 1)
    return joined


def address_part(line: str, *, ordinal_streets: bool = False) -> str:
    """The first four digits of the largest number on the street line; empty if there is none.

    Whether the number of an ordinal street counts is contested; by default it does not.

    >>> address_part("11455 Main Street, Suite 9999"), address_part("12-34 56 Akasaka Road")
    ('1145', '1234')
    >>> address_part("7 12th street"), address_part("7 12th street", ordinal_streets=True)
    ('7', '12')
    """
    text = line.translate(_FULL_WIDTH).upper()
    if not ordinal_streets:
        text = _ORDINAL_STREET.sub(" ", text)
    numbers = re.findall("[0-9]+", _JOINED.sub("", text))
    # Compared without int(), which refuses very long numbers.
    return max(numbers, key=_size, default="")[:4]


def _size(number: str) -> tuple[int, str]:
    digits = number.lstrip("0")
    return len(digits), digits


def city_part(city: str) -> str:
    """The first three letters of the city; empty if it has none.

    >>> city_part("St. Michel"), city_part("18-Mile High"), city_part("The Hague")
    ('STM', 'MIL', 'HAG')
    """
    words = [_NOT_LETTER.sub("", word) for word in _ascii(city).split()]
    if words[:1] == ["THE"] and len(words) > 1:
        del words[0]
    return "".join(words)[:3]


def _ascii(text: str) -> str:
    """Upper case without accents; what then stays outside ASCII cannot stand in a MID."""
    split = unicodedata.normalize("NFD", text.translate(_FULL_WIDTH).upper())
    plain = "".join(character for character in split if not unicodedata.combining(character))
    if any(character.isalnum() and not character.isascii() for character in plain):
        raise BadIdentifier("MRX-1107", scheme=mid.SCHEME)
    return plain
