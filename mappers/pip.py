"""Canada: records said as `PIPMembers` of Partners in Protection, and read back.

The format is our own profile; `schemas/xsd/ca-pip/SOURCE.md` says of each choice how sure it is.
Words are English and days ISO. A CBSA carrier code looks like a SCAC, so each value carries its
kind. The MID of a Canadian plant begins with its province (XA to XY).
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

PROGRAMME = "ca-pip"
FORMAT = "ca-pip/1.0"

# Source: domain/partners.md sections 5.2 and 7.
STATUS_WORDS: Mapping[Status, str] = {
    Status.CERTIFIED: "Member",  # confirmed
    Status.VALIDATED: "Member - Validated",  # inferred: the programme has no such level
    Status.EXCEEDING: "Member - Exceeding",  # inferred: the programme has no such level
    Status.SUSPENDED: "Suspended",  # confirmed
    Status.REMOVED: "Cancelled",  # confirmed
    Status.WITHDRAWN: "Withdrawn",  # inferred
}
KINDS: Mapping[str, str] = {
    "CA-BN9": "BN9",
    "CA-BN15": "BN15",
    "CA-CARRIER": "CARRIER",
    "SCAC": "SCAC",
    "ICR": "ICR",
    "MID": "MID",
}
LOSSES: tuple[str, ...] = ("a name in another normal form than NFC is read in NFC",)

LAYOUT = Layout(
    format=FORMAT,
    namespace="urn:mrx:ca-pip:1.0",
    root="PIPMembers",
    record="Member",
    ref="Reference",
    version="Version",
    number=("Identifier", "type"),
    kinds=KINDS,
    statuses=STATUS_WORDS,
)

_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")


@lru_cache(maxsize=1 << 14)
def write_date(day: date) -> str:
    """The day as yyyy-mm-dd.

    >>> write_date(date(2014, 4, 7))
    '2014-04-07'
    """
    return f"{day.year:04}-{day.month:02}-{day.day:02}"


@lru_cache(maxsize=1 << 14)
def read_date(written: str) -> date:
    """The day of a text yyyy-mm-dd; raises `BadRecord` for anything else."""
    match = _DATE.fullmatch(written)
    if match is None:
        raise BadRecord("MRX-2307", field="MemberSince")
    year, month, day = match.groups()
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        raise BadRecord("MRX-2307", field="MemberSince") from None


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
        f"<Member><Reference>{record.ref}</Reference><Version>{record.version}</Version>"
        f"<LegalName>{name}</LegalName>{numbers}"
        f"<MemberStatus>{STATUS_WORDS[record.status]}</MemberStatus>"
        f"<MemberSince>{write_date(record.member_since)}</MemberSince></Member>\n"
    )
