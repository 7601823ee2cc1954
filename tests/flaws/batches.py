"""Batches with one thing wrong inside a perfectly good seal: the attacker is a partner, with its key.

A flaw is a function from the XML of an honest batch (`HONEST`) to the spoilt one; its docstring says
what is wrong, and is the name of its test. Its verdict is a code, and where the code is said:

    PROBLEM  not even a header to answer: an HTTP problem, and nothing is kept
    CLOSED   a receipt that refuses the whole, and closes the number; no member of it is taken
    ALONE    a receipt that refuses the second record by its ref; the others are taken
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from mappers import MAPPERS
from schemas import exchange
from schemas import ref as refs
from schemas.batch import Header, Lane
from schemas.identifiers import Identifier
from schemas.record import Record
from schemas.status import Status
from tests.world import START

PROGRAMME: Final = "mx-neec"
REFS: Final = tuple(
    body + refs.check_character(body) for body in ("7ZKQ3M9RTW4", "00000000001", "00000000002")
)
GONE: Final = "00000000003" + refs.check_character("00000000003")
MARKS: Final = ("PLANTED", "Inventada", "MXPLANTED")
"""What stands in every spoilt batch, and may stand in no problem, log or metric."""

XSI: Final = b'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
INCLUDED: Final = (
    b'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/hostname"/>'
)


class Said(Enum):
    """Where the code of a flaw is said."""

    PROBLEM = "problem"
    CLOSED = "closed"
    ALONE = "alone"


@dataclass(frozen=True, kw_only=True)
class Spoilt:
    """A flaw and its verdict."""

    make: Callable[[bytes], bytes]
    code: str
    said: Said

    def __str__(self) -> str:
        return (self.make.__doc__ or "").strip().rstrip(".")


def record(number: int, **facts: object) -> Record:
    """One of the three members of the honest batch."""
    plain = Record(
        ref=REFS[number],
        version=1,
        name=f"Empresa Inventada {number} PLANTED & Hijos",
        identifiers=(Identifier("MX-RFC", "ZZZ140101AA1"), Identifier("MID", "MXPLANTED1TIJ")),
        status=Status.CERTIFIED,
        member_since=START.date(),
    )
    return replace(plain, **facts)


def written(
    *records: Record,
    number: int = 1,
    previous: str | None = None,
    programme: str = PROGRAMME,
    withdrawn: tuple[str, ...] = (GONE,),
) -> bytes:
    """An honest batch of these records."""
    header = Header(
        sender=programme,
        recipient="us-ctpat",
        lane=Lane.ROUTINE,
        epoch="00000000000000aa",
        number=number,
        issue=1,
        replaces=None,
        previous=previous,
        created=START,
        format=f"{programme}/1.0",
        agreement=f"{programme}:us-ctpat",
        texts=(f"{programme}-profile-1",),
        announcements=len(records),
        withdrawals=len(withdrawn),
    )
    return exchange.write_batch(header, withdrawn, MAPPERS[programme].write(records))


def honest(number: int = 1, previous: str | None = None) -> bytes:
    """The batch that flaws are made of: three members, and a withdrawal."""
    return written(*(record(n) for n in range(3)), number=number, previous=previous)


SPOILT: list[Spoilt] = []


def refused_with(
    code: str, said: Said
) -> Callable[[Callable[[bytes], bytes]], Callable[[bytes], bytes]]:
    """Enter a flaw."""

    def take(make: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
        SPOILT.append(Spoilt(make=make, code=code, said=said))
        return make

    return take


def swapped(content: bytes, old: bytes, new: bytes) -> bytes:
    """The first `old` is `new` now."""
    assert old in content, old
    return content.replace(old, new, 1)


def in_second(content: bytes, old: bytes, new: bytes) -> bytes:
    """The same in the second record."""
    start = content.index(REFS[1].encode())
    start = content.rindex(b"<operador>", 0, start)
    return content[:start] + swapped(content[start:], old, new)


def doctype(content: bytes, declared: bytes) -> bytes:
    """The honest batch under a document type."""
    return swapped(content, b"<Batch", b"<!DOCTYPE Batch " + declared + b">\n<Batch")


def without_declaration(content: bytes) -> bytes:
    """It may be left out: the encoding is UTF-8."""
    return content[content.index(b"<Batch") :]


def numbered(count: int) -> bytes:
    """So many attributes."""
    return b" ".join([b'a%d=""' % number for number in range(count)])
