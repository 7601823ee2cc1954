"""The members of C-TPAT in the demo: 11,400 invented companies, and what they consented to.

Pure and deterministic: the same count gives the same companies, on every machine. Business types
and which identifiers each has follow domain/ctpat.md section 5: importers have an ICR, carriers by
land, sea and rail a SCAC, plants abroad a MID, and the others nothing that may be told.

    ICR    00-........     employer numbers with the prefix 00 are not issued
           ..9900-.....    assigned by customs; there is no port 9900
    SCAC   two letters of Q, X and Z in front: synthetic, and more than enough of them
    MID    derived from the invented name and a street number (`schemas.identifiers.mid_rule`)
"""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

import orjson

from gateway.demo import naming
from gateway.demo.words import (
    ARABIC,
    CHINESE,
    ENGLISH,
    ENGLISH_HAULAGE,
    ENGLISH_LONG,
    ENGLISH_SERVICES,
    FRENCH,
    FRENCH_HAULAGE,
    HEBREW,
    JAPANESE,
    KOREAN,
    SPANISH,
    SPANISH_HAULAGE,
    Tongue,
)
from schemas.consent import ConsentEvent, Event
from schemas.identifiers import Identifier
from schemas.member import Member

COUNT = 11_400
CONSENT_SHARE = 0.56  # of Mexican manufacturers in January 2013 (domain/ctpat.md section 2.2)
SEED = 20_140_801
# What an officer of a C-TPAT member signs, by partner.
TEXTS: Mapping[str, str] = {
    "mx-neec": "neec-2014",
    "ca-pip": "2014-08",
    "tw-aeo": "2014-08",
    "il-aeo": "2014-08",
    "kr-aeo": "2014-08",
}
OFFICERS = (
    "President",
    "Vice President",
    "Chief Executive Officer",
    "Chief Financial Officer",
    "Chief Operating Officer",
    "Corporate Secretary",
    "Treasurer",
    "General Counsel",
)
_SUFFIXES = ("00", "01", "02", "A1", "B2", "C3", "XA")
_FIRST_CONSENT = datetime(2014, 8, 1, tzinfo=UTC)
_LAST_CONSENT = datetime(2025, 6, 30, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Kind:
    """One row of the population: how many of `COUNT`, what they are, and where their plants are."""

    weight: int
    business_type: str
    tongue: Tongue
    scheme: str | None
    places: tuple[str, ...] = ()


_KINDS = (
    _Kind(3_810, "Importer", ENGLISH, "ICR"),
    _Kind(100, "Importer", ENGLISH_LONG, "ICR"),
    _Kind(300, "Exporter", ENGLISH, None),
    _Kind(1_900, "Highway Carrier - U.S. / Canada", ENGLISH_HAULAGE, "SCAC"),
    _Kind(220, "Highway Carrier - U.S. / Canada", FRENCH_HAULAGE, "SCAC"),
    _Kind(720, "Highway Carrier - U.S. / Mexico", SPANISH_HAULAGE, "SCAC"),
    _Kind(280, "Mexican Long Haul Carrier", SPANISH_HAULAGE, "SCAC"),
    _Kind(20, "Rail Carrier", ENGLISH_HAULAGE, "SCAC"),
    _Kind(60, "Sea Carrier", ENGLISH_HAULAGE, "SCAC"),
    _Kind(60, "Air Carrier", ENGLISH_HAULAGE, None),
    _Kind(640, "Consolidator", ENGLISH_SERVICES, None),
    _Kind(700, "Customs Broker", ENGLISH_SERVICES, None),
    _Kind(210, "Third Party Logistics Provider", ENGLISH_SERVICES, None),
    _Kind(60, "Marine Port Authority / Terminal Operator", ENGLISH_SERVICES, None),
    _Kind(1_060, "Foreign Manufacturer", SPANISH, "MID", ("MX",)),
    _Kind(180, "Foreign Manufacturer", ENGLISH, "MID", ("XO", "XA", "XC", "XM", "XB")),
    _Kind(110, "Foreign Manufacturer", FRENCH, "MID", ("XQ", "XB")),
    _Kind(310, "Foreign Manufacturer", CHINESE, "MID", ("TW",)),
    _Kind(270, "Foreign Manufacturer", KOREAN, "MID", ("KR",)),
    _Kind(160, "Foreign Manufacturer", HEBREW, "MID", ("IL",)),
    _Kind(140, "Foreign Manufacturer", JAPANESE, "MID", ("JP",)),
    _Kind(90, "Foreign Manufacturer", ARABIC, "MID", ("JO", "AE")),
)


def companies(count: int = COUNT) -> list[Member]:
    """That many different companies, with different accounts and names."""
    dice = random.Random(SEED)  # noqa: S311  # chance that repeats
    names: set[str] = set()
    scacs = _scacs(dice)
    weights = [kind.weight for kind in _KINDS]
    members = []
    for account in naming.accounts(dice, count):
        kind = dice.choices(_KINDS, weights)[0]
        name, latin = naming.name(dice, kind.tongue)
        while name in names:
            name, latin = naming.name(dice, kind.tongue)
        names.add(name)
        members.append(
            Member(
                account=account,
                name=name,
                identifiers=_identifiers(dice, kind, latin, scacs),
                status=naming.status(dice),
                member_since=naming.member_since(dice),
                business_type=kind.business_type,
            )
        )
    return members


def _identifiers(
    dice: random.Random, kind: _Kind, latin: str, scacs: Iterator[str]
) -> tuple[Identifier, ...]:
    match kind.scheme:
        case "ICR":
            return (Identifier("ICR", _icr(dice)),)
        case "SCAC":
            return (Identifier("SCAC", next(scacs)),)
        case "MID":
            plants = dice.choices((1, 2, 3), (70, 20, 10))[0]
            place = dice.choice(kind.places)
            return tuple(dict.fromkeys(naming.mid(dice, latin, place) for _ in range(plants)))
        case _:
            return ()


def _icr(dice: random.Random) -> str:
    if dice.random() < 0.1:
        return f"{dice.randrange(24):02}9900-{dice.randrange(1, 100_000):05}"
    suffix = dice.choice(_SUFFIXES)
    return f"00-{dice.randrange(10_000_000):07}{suffix}"


def _scacs(dice: random.Random) -> Iterator[str]:
    """Different carrier codes, none with a last letter that is reserved (U, X, Z)."""
    letters, last = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "ABCDEFGHIJKLMNOPQRSTVWY"
    codes = [a + b + c + d for a in "QXZ" for b in "QXZ" for c in letters for d in last]
    return iter(dice.sample(codes, len(codes)))


def grants(
    members: Sequence[Member],
    texts: Mapping[str, str],
    *,
    share: float,
    officers: Sequence[str] = OFFICERS,
) -> list[ConsentEvent]:
    """One grant for about `share` of the pairs of member and programme, each for itself.

    `texts` says what is signed for which programme.
    """
    dice = random.Random(SEED + len(members))  # noqa: S311  # chance that repeats
    events = []
    for member in members:
        # Nobody signs before the text is valid, or before being a member.
        joined = datetime.combine(member.member_since, time(), UTC)
        first = max(joined, _FIRST_CONSENT)
        for programme, text in texts.items():
            if dice.random() >= share:
                continue
            seconds = int((_LAST_CONSENT - first).total_seconds() * dice.random())
            events.append(
                ConsentEvent(
                    account=member.account,
                    programme=programme,
                    event=Event.GRANTED,
                    at=first + timedelta(seconds=seconds),
                    officer_title=dice.choice(officers),
                    text=text,
                )
            )
    return events


def member_lines(members: Iterable[Member]) -> Iterator[bytes]:
    """The members as a source pushes them, one JSON object a line."""
    for member in members:
        yield orjson.dumps(
            {
                "account": member.account,
                "name": member.name,
                "identifiers": [{"scheme": i.scheme, "value": i.value} for i in member.identifiers],
                "status": member.status,
                "member_since": member.member_since,
                "business_type": member.business_type,
            },
            option=orjson.OPT_APPEND_NEWLINE,
        )


def consent_lines(events: Iterable[ConsentEvent]) -> Iterator[bytes]:
    """The consents as a source pushes them, one JSON object a line."""
    for event in events:
        yield orjson.dumps(
            {
                "account": event.account,
                "programme": event.programme,
                "event": event.event,
                "at": event.at,
                "officer": {"title": event.officer_title},
                "text_version": event.text,
            },
            option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z,
        )
