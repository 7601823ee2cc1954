"""The partners' own members in the demo: a few invented companies of each programme.

Pure and deterministic, as `gateway.demo.companies`. Numbers have valid check digits and lie where
nobody issues any, as far as that is known: RFCs of ZZ, business numbers that begin with 999,
tax offices above 998, and so on.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gateway.demo import naming
from gateway.demo.words import CHINESE, ENGLISH, FRENCH, HEBREW, KOREAN, SPANISH, Tongue
from schemas.identifiers import Identifier
from schemas.identifiers.schemes import CHECKS
from schemas.member import Member

CONSENT_SHARE = 0.85
_DIGITS = "0123456789"
_LETTERS = "ABCDEFGHIJKLMNOPQRSTVWY"

Numbers = tuple[Identifier, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """One partner's members: how many, how they are named, numbered and by whom signed."""

    count: int
    tongues: tuple[Tongue, ...]
    places: tuple[str, ...]
    numbers: Callable[[random.Random, int], Numbers]
    officers: tuple[str, ...]


def members(programme: str) -> list[Member]:
    """The members of one partner programme, with different accounts, names and numbers."""
    cast = CASTS[programme]
    dice = random.Random(programme)  # noqa: S311  # chance that repeats
    names: set[str] = set()
    found = []
    for n, account in enumerate(naming.accounts(dice, cast.count), 1):
        tongue = dice.choice(cast.tongues)
        name, latin = naming.name(dice, tongue)
        while name in names:
            name, latin = naming.name(dice, tongue)
        names.add(name)
        numbers = cast.numbers(dice, n)
        # Targeting knows MIDs and nothing else; only some have theirs on file.
        if dice.random() < 0.5:
            numbers += (naming.mid(dice, latin, dice.choice(cast.places)),)
        found.append(
            Member(
                account=account,
                name=name,
                identifiers=numbers,
                status=naming.status(dice),
                member_since=naming.member_since(dice),
            )
        )
    return found


def _completed(scheme: str, start: str, ends: str = _DIGITS) -> Identifier:
    """The number that begins like this and whose check character, one of `ends`, holds."""
    return Identifier(scheme, next(start + end for end in ends if CHECKS[scheme](start + end)))


def _mexico(dice: random.Random, n: int) -> Numbers:
    day = f"{dice.randrange(100):02}{dice.randrange(1, 13):02}{dice.randrange(1, 29):02}"
    rfc = _completed("MX-RFC", f"ZZ{dice.choice('AEIOUÑ&')}{day}{1 + n // 30 % 9}1", "0123456789A")
    match n % 4:
        case 0:
            return rfc, Identifier("MX-CAAT", f"Z{n:03}")
        case 1 if n < 60:
            return rfc, Identifier("MX-PATENTE", f"99{n:02}")
        case _:
            return (rfc,)


def _canada(_dice: random.Random, n: int) -> Numbers:
    number = _completed("CA-BN9", f"999{n:05}")
    account = Identifier("CA-BN15", f"{number.value}RM0001")
    match n % 4:
        case 0:
            return number, account, Identifier("CA-CARRIER", f"Z{n:03}")
        case 1:
            return number, account, Identifier("SCAC", f"ZYC{_LETTERS[n // 4]}")
        case _:
            return number, account


def _taiwan(_dice: random.Random, n: int) -> Numbers:
    number = _completed("TW-UBN", f"9999{n:03}")
    return number, Identifier("TW-AEO", f"TW{n:09}")


def _israel(_dice: random.Random, n: int) -> Numbers:
    number = _completed("IL-HP", f"5999{n:04}")
    return number, Identifier("IL-AEO", f"IL{number.value}")


def _korea(_dice: random.Random, n: int) -> Numbers:
    number = _completed("KR-BRN", f"99981{n:04}")
    return number, Identifier("KR-AEO", f"KRAEO{n:07}")


CASTS: Mapping[str, Cast] = {
    "mx-neec": Cast(
        count=120,
        tongues=(SPANISH,),
        places=("MX",),
        numbers=_mexico,
        officers=("Representante legal", "Director general"),
    ),
    "ca-pip": Cast(
        count=90,
        tongues=(ENGLISH, FRENCH),
        places=("XO", "XQ", "XA", "XC", "XM", "XB"),
        numbers=_canada,
        officers=("President", "Président", "Vice-président"),
    ),
    "tw-aeo": Cast(
        count=70,
        tongues=(CHINESE,),
        places=("TW",),
        numbers=_taiwan,
        officers=("董事長", "總經理"),
    ),
    "il-aeo": Cast(
        count=40,
        tongues=(HEBREW,),
        places=("IL",),
        numbers=_israel,
        officers=("מנכ״ל", "סמנכ״ל כספים"),
    ),
    "kr-aeo": Cast(
        count=80,
        tongues=(KOREAN,),
        places=("KR",),
        numbers=_korea,
        officers=("대표이사", "부사장"),
    ),
}
