"""Mexico: records said as `operadores` of NEEC (later OEA), and read back.

The format is our own profile; `schemas/xsd/mx-neec/SOURCE.md` says of each choice how sure it is.
Words are Spanish and days dd/mm/yyyy. Ñ and & are letters of a name and of an RFC. A CAAT, a SCAC
and a broker's patente look alike, so each value carries its kind.
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

PROGRAMME = "mx-neec"
FORMAT = "mx-neec/1.0"

# Source: domain/partners.md sections 5.1 and 7.
STATUS_WORDS: Mapping[Status, str] = {
    Status.CERTIFIED: "autorizada",  # confirmed in English (authorised); the Spanish inferred
    Status.VALIDATED: "validada",  # inferred: the programme has no such level
    Status.EXCEEDING: "destacada",  # inferred: the programme has no such level
    Status.SUSPENDED: "suspendida",  # inferred: whether a membership is suspended is unknown
    Status.REMOVED: "cancelada",  # cancelación is secondary; the participle inferred
    Status.WITHDRAWN: "desistida",  # confirmed in English (withdrawn); the Spanish inferred
}
KINDS: Mapping[str, str] = {
    "MX-RFC": "RFC",
    "MX-CAAT": "CAAT",
    "MX-PATENTE": "PATENTE",
    "SCAC": "SCAC",
    "ICR": "ICR",
    "MID": "MID",
}
LOSSES: tuple[str, ...] = ("a name in another normal form than NFC is read in NFC",)

LAYOUT = Layout(
    format=FORMAT,
    namespace="urn:mrx:mx-neec:1.0",
    root="operadores",
    record="operador",
    ref="referencia",
    version="version",
    number=("identificador", "clave"),
    kinds=KINDS,
    statuses=STATUS_WORDS,
    category=("rubro", "L"),  # inferred and ours: see SOURCE.md
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
        raise BadRecord("MRX-2307", field="fechaIngreso")
    day, month, year = match.groups()
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        raise BadRecord("MRX-2307", field="fechaIngreso") from None


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
        f"<operador><referencia>{record.ref}</referencia><version>{record.version}</version>"
        f"<razonSocial>{name}</razonSocial>{numbers}"
        f"<situacion>{STATUS_WORDS[record.status]}</situacion>"
        f"<fechaIngreso>{write_date(record.member_since)}</fechaIngreso></operador>\n"
    )
