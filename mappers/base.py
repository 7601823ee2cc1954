"""What every mapper is: a module of one shape.

A mapper says records in its programme's document and reads them back. It never truncates,
transliterates or guesses (P7): what the format cannot say exactly has a code, and the caller
blocks that record with it.

The document of a pair is the foreign programme's in both directions, so each mapper says and reads
members of C-TPAT (SCAC, ICR, MID) and members of its own programme alike.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from lxml import etree

from schemas.record import Record
from schemas.status import Status


@dataclass(frozen=True, slots=True)
class Misread:
    """A record of a document that could not be taken: its ref, where it has one, and the code.

    MRX-2306: it does not match the XSD; the ref is given if it can be read all the same.
    MRX-2307: it does, and holds a value that cannot be taken (a status word nobody knows, a day
    that does not exist, an identifier of the wrong shape); the ref is given as it stands there,
    also where it is itself the value that cannot be taken.
    """

    ref: str | None
    code: str


class Mapper(Protocol):
    """A module that speaks one programme's tongue.

    `FORMAT` is `programme/version` and names the XSD. `STATUS_WORDS` has a distinct word for each
    of the six statuses, `KINDS` one for each scheme that has a place in the document. `LOSSES`
    says in words what does not survive the trip.
    """

    PROGRAMME: str
    FORMAT: str
    STATUS_WORDS: Mapping[Status, str]
    KINDS: Mapping[str, str]
    LOSSES: tuple[str, ...]

    def unsayable(self, record: Record) -> str | None:
        """The code of why this record cannot be said exactly (MRX-21xx), or None."""

    def write(self, records: Sequence[Record]) -> bytes:
        """The document that says these records, in their order.

        UTF-8 without an XML declaration; the root declares the namespace. Every record must be
        sayable; raises `Unsayable` if one is not.
        """

    def read(self, document: etree._Element) -> Iterator[Record | Misread]:
        """Each record of a document that `schemas.parse` parsed, in order; it is left as it was.

        Raises `BadDocument` (MRX-2305) before the first record if the document itself (all but
        its records) does not match the XSD, and after 1,000 misreads. Believe no record before
        the last one has come.
        """

    def categories(self, document: etree._Element) -> dict[str, str]:
        """What kind of member each ref of a document is, as the programme says it of its own
        members; empty where its format has no word for it. No fifth item (P2): `write` never says
        it, no record holds it, and it decides only whether the arrangement covers the member.

        Call it after `read`, which checks the document; refs it misread may be among them.
        """

    def told(self, document: etree._Element) -> list[tuple[str, int]]:
        """The ref and the version of every record, in order, three times as fast as `read`.

        For our own bytes before they leave (P6), and no stranger's: raises `BadDocument`
        (MRX-2305) unless the whole document matches the XSD.
        """
