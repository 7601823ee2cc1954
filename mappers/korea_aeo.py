"""Korea: records said as `aeoCompanyList` of 수출입 안전관리 우수업체 (AEO), and read back.

The format is our own profile; `schemas/xsd/kr-aeo/SOURCE.md` says of each choice how sure it is.
Words are Korean and days yyyymmdd. The wire is UTF-8, but the systems behind it keep names in
CP949 (domain/partners.md section 5.5, secondary), the overseas supplier's in 60 bytes: a name that
does not come back from there as it went is held back, never cut and never spelt otherwise. A name
that Korea says is read whatever its length: the limit is of Korea's field for our members.
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

PROGRAMME = "kr-aeo"
FORMAT = "kr-aeo/1.0"
NAME_BYTES_MAX = 60

# Source: domain/partners.md sections 5.5 and 7.
STATUS_WORDS: Mapping[Status, str] = {
    Status.CERTIFIED: "공인",  # confirmed
    Status.VALIDATED: "현장검증",  # inferred: the programme has no such level; A, AA and AAA are grades
    Status.EXCEEDING: "기준초과",  # inferred: the programme has no such level
    Status.SUSPENDED: "혜택 적용 정지",  # inferred
    Status.REMOVED: "공인취소",  # inferred
    Status.WITHDRAWN: "반납",  # inferred
}
KINDS: Mapping[str, str] = {
    "KR-BRN": "BRN",
    "KR-AEO": "AEO",
    "SCAC": "SCAC",
    "ICR": "ICR",
    "MID": "MID",
}
LOSSES: tuple[str, ...] = (
    "a name in another normal form than NFC is read in NFC",
    "the dashes of a business registration number are not read",
)

LAYOUT = Layout(
    format=FORMAT,
    namespace="urn:mrx:kr-aeo:1.0",
    root="aeoCompanyList",
    record="aeoCompany",
    ref="referenceNo",
    version="versionNo",
    number=("companyNo", "typeCode"),
    kinds=KINDS,
    statuses=STATUS_WORDS,
)

_DATE = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")


@lru_cache(maxsize=1 << 14)
def write_date(day: date) -> str:
    """The day as yyyymmdd.

    >>> write_date(date(2014, 4, 7))
    '20140407'
    """
    return f"{day.year:04}{day.month:02}{day.day:02}"


@lru_cache(maxsize=1 << 14)
def read_date(written: str) -> date:
    """The day of a text yyyymmdd; raises `BadRecord` for anything else."""
    match = _DATE.fullmatch(written)
    if match is None:
        raise BadRecord("MRX-2307", field="authorizationDate")
    year, month, day = match.groups()
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        raise BadRecord("MRX-2307", field="authorizationDate") from None


def unsayable(record: Record) -> str | None:
    """MRX-2101 or MRX-2102 (the name), MRX-2103 or MRX-2106 (the identifiers), or None."""
    if not record.name.isascii():
        try:
            stored = record.name.encode("cp949")
        except UnicodeEncodeError:
            return "MRX-2101"
        if stored.decode("cp949") != record.name:
            return "MRX-2101"
        if len(stored) > NAME_BYTES_MAX:
            return "MRX-2102"
    elif len(record.name) > NAME_BYTES_MAX:
        return "MRX-2102"
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
        f"<aeoCompany><referenceNo>{record.ref}</referenceNo><versionNo>{record.version}</versionNo>"
        f"<companyName>{name}</companyName>{numbers}"
        f"<authorizationStatus>{STATUS_WORDS[record.status]}</authorizationStatus>"
        f"<authorizationDate>{write_date(record.member_since)}</authorizationDate></aeoCompany>\n"
    )
