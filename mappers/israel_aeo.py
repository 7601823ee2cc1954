"""Israel: records said as `AuthorizedOperators` of גורם כלכלי מאושר, and read back.

The format is our own profile; `schemas/xsd/il-aeo/SOURCE.md` says of each choice how sure it is.
Words are Hebrew, in logical order, and days dd/mm/yyyy. A name keeps every character: each of the
four spellings of the quotation mark in בע"מ, vowel points, and directional marks, which a person
does not see. That a partner may want the marks stripped is inferred, so it is theirs to do.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache

from lxml import etree

from mappers.base import Misread
from mappers.records import Layout, obstacle
from schemas.errors import BadRecord
from schemas.record import Record
from schemas.status import Status

PROGRAMME = "il-aeo"
FORMAT = "il-aeo/1.0"

# Source: domain/partners.md sections 5.4 and 7.
STATUS_WORDS: Mapping[Status, str] = {
    Status.CERTIFIED: "מאושר",  # confirmed
    Status.VALIDATED: "מאושר ומאומת",  # inferred: the programme has no such level
    Status.EXCEEDING: "מאושר מצטיין",  # inferred: the programme has no such level
    Status.SUSPENDED: "השעיה",  # inferred
    Status.REMOVED: "ביטול",  # inferred
    Status.WITHDRAWN: "פרישה מרצון",  # inferred
}
KINDS: Mapping[str, str] = {
    "IL-HP": "HP",
    "IL-IDNR": "IDNR",
    "IL-AEO": "AEO",
    "SCAC": "SCAC",
    "ICR": "ICR",
    "MID": "MID",
}
LOSSES: tuple[str, ...] = ("a name in another normal form than NFC is read in NFC",)

LAYOUT = Layout(
    format=FORMAT,
    namespace="urn:mrx:il-aeo:1.0",
    root="AuthorizedOperators",
    record="Operator",
    ref="Reference",
    version="Version",
    number=("Number", "kind"),
    kinds=KINDS,
    statuses=STATUS_WORDS,
)

_DATE = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{4})")


@lru_cache(maxsize=1 << 14)
def write_date(day: date) -> str:
    """The day as dd/mm/yyyy.

    >>> write_date(date(2014, 4, 7))
    '07/04/2014'
    """
    return f"{day.day:02}/{day.month:02}/{day.year:04}"


@lru_cache(maxsize=1 << 14)
def read_date(written: str) -> date:
    """The day of a text dd/mm/yyyy; raises `BadRecord` for anything else."""
    match = _DATE.fullmatch(written)
    if match is None:
        raise BadRecord("MRX-2307", field="ApprovalDate")
    day, month, year = match.groups()
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        raise BadRecord("MRX-2307", field="ApprovalDate") from None


def unsayable(record: Record) -> str | None:
    """MRX-2103 (no place for a scheme) or MRX-2106 (too many identifiers), or None."""
    return obstacle(record, KINDS)


def write(records: Sequence[Record]) -> bytes:
    """The document that says these records; raises `Unsayable`."""
    return LAYOUT.written(records, unsayable=unsayable, said=_said)


def read(document: etree._Element) -> Iterator[Record | Misread]:
    """Each record of the document; raises `BadDocument` (see `mappers.base.Mapper`)."""
    return LAYOUT.read(document, read_date)


def categories(document: etree._Element) -> dict[str, str]:
    """The category of every record, by ref (see `mappers.base.Mapper`)."""
    return LAYOUT.categories(document)


def told(document: etree._Element) -> list[tuple[str, int]]:
    """The ref and the version of every record; raises `BadDocument` for a single bad one."""
    return LAYOUT.told(document)


def _said(record: Record, name: str, numbers: str) -> str:
    return (
        f"<Operator><Reference>{record.ref}</Reference><Version>{record.version}</Version>"
        f"<RegisteredName>{name}</RegisteredName>{numbers}"
        f"<ApprovalStatus>{STATUS_WORDS[record.status]}</ApprovalStatus>"
        f"<ApprovalDate>{write_date(record.member_since)}</ApprovalDate></Operator>\n"
    )
