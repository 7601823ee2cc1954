"""Records to say: one that is plain, and strategies for all there can be.

Numbers are the synthetic ones of domain/identifiers.csv, names are invented.
"""

import csv
import io
import unicodedata
from datetime import date
from pathlib import Path

from hypothesis import strategies as st
from lxml import etree

import schemas
from mappers.base import Mapper, Misread
from schemas import name as names
from schemas import ref as refs
from schemas.errors import BadRecord
from schemas.identifiers import Identifier
from schemas.parse import parse
from schemas.record import Record
from schemas.status import Status

XSD = Path(schemas.__file__).parent / "xsd"
VALUES = {
    "SCAC": ("QXQQ", "QXQ", "QXQU"),
    "ICR": ("00-1234567A1", "149900-00001"),
    "MID": ("MXZZINV100CIU", "XOZZINV1TOR", "TWZZ", "KRZZINV9999SEO"),
    "MX-RFC": ("ZZZ140101AA1", "ZZÑ120229A10", "Z&Z010101A18", "ZZZ140101AA2"),
    "MX-CAAT": ("ZZ99", "ZZZZ"),
    "MX-PATENTE": ("0123", "9999"),
    "CA-BN9": ("999999998", "900000001"),
    "CA-BN15": ("999999998RM0001",),
    "CA-CARRIER": ("ZZZ9", "8ZZZ", "ZZZZ"),
    "TW-UBN": ("99999906", "99999901", "99999902"),
    "TW-AEO": ("TW123456789",),
    "IL-HP": ("599999992", "599999990"),
    "IL-IDNR": ("123456782", "599999992"),
    "IL-AEO": ("IL599999992",),
    "KR-BRN": ("9998199992", "9998199993"),
    "KR-AEO": ("KRAEO0000001",),
    "EU-EORI": ("DE000000000000000",),
    "JP-CORP": ("9999999999990",),
}
EVERY = tuple(Identifier(scheme, value) for scheme, values in VALUES.items() for value in values)


def rows(file: Path) -> list[dict[str, str]]:
    """The rows of a CSV file of ../shared."""
    return list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"), newline="")))


def record(**changes: object) -> Record:
    """A record any programme can say, with changes."""
    plain = {
        "ref": "7ZKQ3M9RTW4R",
        "version": 1,
        "name": "Imaginary Freight Lines, Inc.",
        "identifiers": (Identifier("SCAC", "QXQQ"), Identifier("MID", "XOZZINV1TOR")),
        "status": Status.CERTIFIED,
        "member_since": date(2014, 4, 7),
    }
    return Record(**(plain | changes))


def spoken(mapper: Mapper) -> tuple[Identifier, ...]:
    """The identifiers this programme's document has a place for."""
    return tuple(identifier for identifier in EVERY if identifier.scheme in mapper.KINDS)


def there_and_back(mapper: Mapper, records: list[Record]) -> list[Record | Misread]:
    """What the other side reads of these records, from bytes that match the XSD."""
    document = parse(mapper.write(records))
    # By the library alone, the whole at once: what a partner does.
    etree.XMLSchema(etree.parse(XSD / f"{mapper.FORMAT}.xsd")).assertValid(document)
    assert mapper.told(document) == [(record.ref, record.version) for record in records]
    return list(mapper.read(document))


def heard(mapper: Mapper, written: bytes) -> list[Record | Misread]:
    """What is read of a document, however it was written."""
    return list(mapper.read(parse(written)))


def is_name(text: str) -> bool:
    try:
        return names.parse(text) == text
    except BadRecord:
        return False


def named(texts: list[str]) -> list[Record]:
    """One record a name, each with a ref of its own."""
    found = []
    for number, text in enumerate(texts):
        body = "".join(refs.ALPHABET[number >> shift & 31] for shift in range(50, -1, -5))
        found.append(record(ref=body + refs.check_character(body), name=names.parse(text)))
    return found


REFS = st.text(refs.ALPHABET, min_size=11, max_size=11).map(
    lambda body: body + refs.check_character(body)
)
# White space, marks nobody sees and what XML must escape come up far more often than by chance.
AWKWARD = "\t\n\r\x85\xa0\u2028\u3000\u200b\u200e\u200f\u202e\ufeff&<>\"'];=+-@\\\U0001f98a堃㈜뷁Œ״"
NAMES = (
    st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from(AWKWARD)))
    .map(lambda text: unicodedata.normalize("NFC", text)[: names.LENGTH_MAX])
    .filter(is_name)
)


# What CP949 can say and gives back: Korea's names, and the ASCII everybody has.
KOREAN_NAMES = (
    st.text(
        st.one_of(st.characters(codec="cp949"), st.sampled_from("\t\n\r&<>\"'㈜뷁")), max_size=30
    )
    .map(lambda text: unicodedata.normalize("NFC", text))
    .filter(is_name)
)


def any_records(
    texts: st.SearchStrategy[str] = NAMES,
    identifiers: tuple[Identifier, ...] = EVERY,
    dates: st.SearchStrategy[date] | None = None,
) -> st.SearchStrategy[Record]:
    """Records at large: most carry something this or that programme has no place for."""
    return st.builds(
        Record,
        ref=REFS,
        version=st.integers(1, 10**18 - 1),
        name=texts,
        identifiers=st.lists(st.sampled_from(identifiers), max_size=6, unique=True).map(tuple),
        status=st.sampled_from(Status),
        member_since=st.dates() if dates is None else dates,
    )


def sayable(mapper: Mapper) -> st.SearchStrategy[Record]:
    """Records of this programme: nearly all can be said."""
    programme = mapper.PROGRAMME
    return any_records(
        texts=KOREAN_NAMES if programme == "kr-aeo" else NAMES,
        identifiers=spoken(mapper),
        dates=st.dates(date(1912, 1, 1), date(2910, 12, 31)) if programme == "tw-aeo" else None,
    ).filter(lambda said: mapper.unsayable(said) is None)
