"""Taiwan: records said as `AEOList` of 優質企業 (AEO), and read back.

The format is our own profile; `schemas/xsd/tw-aeo/SOURCE.md` says of each choice how sure it is.
Words are Chinese. Days are those of the ROC calendar, whose year 1 is 1912, written 102/01/15: a
day before it cannot be said. The wire is UTF-8, so 堃, 喆, 峯 and 煊, which Big5 lacks, need no
variant; no byte limit is published, so none is enforced.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache

from lxml import etree

from mappers.base import Misread
from mappers.records import Layout, obstacle
from schemas.errors import BadRecord, Unsayable
from schemas.record import Record
from schemas.status import Status

PROGRAMME = "tw-aeo"
FORMAT = "tw-aeo/1.0"
ROC_YEAR_ZERO = 1911
ROC_YEAR_MAX = 999  # three digits

# Source: domain/partners.md sections 5.3 and 7.
STATUS_WORDS: Mapping[Status, str] = {
    Status.CERTIFIED: "認證",  # inferred
    Status.VALIDATED: "實地驗證",  # inferred: the programme has no such level
    Status.EXCEEDING: "超越標準",  # inferred: the programme has no such level
    Status.SUSPENDED: "停止優惠",  # inferred
    Status.REMOVED: "廢止",  # inferred; 撤銷, for an approval void from its beginning, is not said
    Status.WITHDRAWN: "自行申請廢止",  # inferred
}
KINDS: Mapping[str, str] = {
    "TW-UBN": "UBN",
    "TW-AEO": "AEO",
    "SCAC": "SCAC",
    "ICR": "ICR",
    "MID": "MID",
}
LOSSES: tuple[str, ...] = ("a name in another normal form than NFC is read in NFC",)

LAYOUT = Layout(
    format=FORMAT,
    namespace="urn:mrx:tw-aeo:1.0",
    root="AEOList",
    record="AEO",
    ref="ReferenceNumber",
    version="VersionNumber",
    number=("CompanyID", "typeCode"),
    kinds=KINDS,
    statuses=STATUS_WORDS,
    category=("grade", "AEOS"),  # inferred and ours: see SOURCE.md
)

_DATE = re.compile(r"([0-9]{3})/([0-9]{2})/([0-9]{2})")


@lru_cache(maxsize=1 << 14)
def write_date(day: date) -> str:
    """The day in the ROC calendar, its year padded to three digits.

    Raises `Unsayable` (MRX-2104) for years before 1912 and after 2910.

    >>> write_date(date(2013, 1, 15)), write_date(date(1912, 2, 29))
    ('102/01/15', '001/02/29')
    """
    year = day.year - ROC_YEAR_ZERO
    if not 1 <= year <= ROC_YEAR_MAX:
        raise Unsayable("MRX-2104")
    return f"{year:03}/{day.month:02}/{day.day:02}"


@lru_cache(maxsize=1 << 14)
def read_date(written: str) -> date:
    """The day of a text yyy/mm/dd in the ROC calendar; raises `BadRecord` for anything else.

    Strict: of the many ways in use (1020115, 102年1月15日, 99/12/31) one is the profile's, and six
    digits could be two different days.

    >>> read_date("101/02/29")
    datetime.date(2012, 2, 29)
    """
    match = _DATE.fullmatch(written)
    if match is None:
        raise BadRecord("MRX-2307", field="CertificationDate")
    year, month, day = map(int, match.groups())
    if year < 1:
        raise BadRecord("MRX-2307", field="CertificationDate")
    try:
        return date(ROC_YEAR_ZERO + year, month, day)
    except ValueError:
        raise BadRecord("MRX-2307", field="CertificationDate") from None


def unsayable(record: Record) -> str | None:
    """MRX-2104 (a day out of the calendar), MRX-2103 (a scheme), MRX-2106 (too many), or None."""
    if not 1 <= record.member_since.year - ROC_YEAR_ZERO <= ROC_YEAR_MAX:
        return "MRX-2104"
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
        f"<AEO><ReferenceNumber>{record.ref}</ReferenceNumber><VersionNumber>{record.version}</VersionNumber>"
        f"<CompanyName>{name}</CompanyName>{numbers}"
        f"<CertificationStatus>{STATUS_WORDS[record.status]}</CertificationStatus>"
        f"<CertificationDate>{write_date(record.member_since)}</CertificationDate></AEO>\n"
    )
