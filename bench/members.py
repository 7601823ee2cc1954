"""Invented members in bulk: the n-th is the same on every machine, and costs a microsecond or two.

Every one of them can be said to every partner, so that what is held over there can be counted. Of
a hundred, 60 have an importer's number, 30 a carrier's code, 10 a MID or two; one name in ten needs
escaping and one in fifty is not in Latin letters.

    ICR    00-........   employer numbers with the prefix 00 are not issued
    SCAC   Q, X or Z twice in front: synthetic; the same code comes again after some thousands
    MID    MX, with a name that is invented
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta

from schemas import ref as refs
from schemas.consent import ConsentEvent, Event
from schemas.identifiers import Identifier
from schemas.member import Member
from schemas.record import Record
from schemas.status import Status

REF = "7ZKQ3M9RTW4R"  # where it does not matter which
PARTNERS = ("mx-neec", "ca-pip", "tw-aeo", "il-aeo", "kr-aeo")
SIGNED = datetime(2025, 6, 30, 9, 0, tzinfo=UTC)
_TEXTS = {"mx-neec": "neec-2014"}
_ACCOUNTS = 10_000_000
_FIRST_DAY = date(2013, 1, 1)  # later than the calendars of all partners begin
_DAYS = 4_000
_SECONDS = 86_400
_LETTERS = "ABCDEFGHIJKLMNOPQRSTVWY"
_STATUSES = (Status.CERTIFIED, Status.VALIDATED, Status.VALIDATED, Status.EXCEEDING)
_KINDS = ("Importer", "Highway Carrier - U.S. / Canada", "Foreign Manufacturer")


def account(n: int) -> str:
    return str(_ACCOUNTS + n)


def member(n: int, *, turn: int = 0) -> Member:
    """The n-th member; in another turn it has another name."""
    kind = 0 if n % 10 < 6 else 1 if n % 10 < 9 else 2
    return Member(
        account=account(n),
        name=_name(n, turn),
        identifiers=_identifiers(n, kind),
        status=_STATUSES[n % 4],
        member_since=_FIRST_DAY + timedelta(days=n % _DAYS),
        business_type=_KINDS[kind],
    )


def members(count: int, *, start: int = 0, turn: int = 0) -> Iterator[Member]:
    return (member(n, turn=turn) for n in range(start, start + count))


def records(count: int, *, start: int = 0, version: int = 1) -> list[Record]:
    """What a partner is told of them: refs of its own, and no tiers."""
    return [
        Record(
            ref=refs.new(),
            version=version,
            name=one.name,
            identifiers=one.identifiers,
            status=one.status.said(tiers=False),
            member_since=one.member_since,
        )
        for one in members(count, start=start)
    ]


def grants(
    count: int, partners: Iterable[str] = PARTNERS, *, start: int = 0
) -> Iterator[ConsentEvent]:
    """Each member's consent to each of these partners."""
    some = tuple(partners)
    for n in range(start, start + count):
        for partner in some:
            yield ConsentEvent(
                account=account(n),
                programme=partner,
                event=Event.GRANTED,
                at=SIGNED + timedelta(seconds=n % _SECONDS),
                officer_title="Vice President",
                text=_TEXTS.get(partner, "2014-08"),
            )


def _name(n: int, turn: int) -> str:
    again = f" {turn}" if turn else ""
    if n % 50 == 7:
        return f"주식회사 가상 {n}{again}"
    if n % 10 == 3:
        return f"Invented & Sons {n}{again}, Inc."
    return f"Invented Company {n}{again}, LLC"


def _identifiers(n: int, kind: int) -> tuple[Identifier, ...]:
    if kind == 0:
        return (Identifier("ICR", f"00-{n % 10_000_000:07}00"),)
    if kind == 1:
        return (Identifier("SCAC", _scac(n)),)
    street = n % 9_000 + 100
    first = Identifier("MID", f"MXINVCOM{street}TIJ")
    return (first, Identifier("MID", f"MXINVCOM{street}MEX")) if n % 20 < 10 else (first,)


def _scac(n: int) -> str:
    n, last = divmod(n, len(_LETTERS))
    n, third = divmod(n, len(_LETTERS))
    second, first = divmod(n % 9, 3)
    return "QXZ"[first] + "QXZ"[second] + _LETTERS[third] + _LETTERS[last]
