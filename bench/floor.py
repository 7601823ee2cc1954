"""What the same work costs at the least: the steps nobody can leave out, and nothing around them.

    written    records as the partner's XML, by one template a record; byte for byte what the
               mapper writes, or the comparison would be between two different works
    valid      libxml2 parses it and holds it against the XSD, whole
    signed     one CMS file of it
    inserted   plain executemany into SQLite, COPY into PostgreSQL; one table, one transaction,
               durable

No names are looked up, nothing is judged, versioned, chained, locked or read again.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import psycopg
import pysqlite3
from lxml import etree
from sqlalchemy import URL

from bench.ground import Engine, Ground
from bench.row import Wrong, check
from mappers import MAPPERS
from schemas.document import xsd_path
from schemas.record import Record
from schemas.status import Status

Values = tuple[object, ...]
_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "cache_size=-16384", "temp_store=MEMORY")
_COLUMNS = (
    "partner text, ref text, version bigint, name text, identifiers text, status text, since text"
)


@dataclass(frozen=True, slots=True)
class _Form:
    """One programme's document: the whole of it around records, one record, one identifier."""

    root: str
    record: str
    identifier: str
    day: Callable[[date], str]
    read: Callable[[str], str]


def written(programme: str, records: Iterable[Record]) -> bytes:
    """The document that says these records."""
    form = _FORMS[programme]
    record, number, day, words = form.record, form.identifier, form.day, _words(programme)
    kinds = MAPPERS[programme].KINDS
    body = "".join(
        [
            record
            % (
                one.ref,
                one.version,
                _escaped(one.name),
                "".join([number % (kinds[i.scheme], _escaped(i.value)) for i in one.identifiers]),
                words[one.status],
                day(one.member_since),
            )
            for one in records
        ]
    )
    return (form.root % body).encode()


def parsed(programme: str, document: bytes) -> etree._Element:
    """The document, parsed and held against its XSD by libxml2; raises `Wrong` if it is not valid."""
    root = etree.fromstring(document)
    if not _schema(MAPPERS[programme].FORMAT).validate(root):
        raise Wrong(f"the floor's document of {programme} is not valid")
    return root


def values(programme: str, records: Iterable[Record]) -> list[Values]:
    """The records as rows to insert."""
    return [
        (
            programme,
            one.ref,
            one.version,
            one.name,
            ";".join([f"{i.scheme} {i.value}" for i in one.identifiers]),
            one.status.value,
            one.member_since.isoformat(),
        )
        for one in records
    ]


def rows(programme: str, root: etree._Element) -> list[Values]:
    """A document's values, as `values` gives them."""
    form, words = _FORMS[programme], _heard(programme)
    kinds: dict[str | bytes, str] = {
        kind: scheme for scheme, kind in MAPPERS[programme].KINDS.items()
    }
    found: list[Values] = []
    for element in root:
        ref, version, name, *numbers, status, since = element
        identifiers = [f"{kinds[next(iter(i.values()))]} {i.text}" for i in numbers]
        found.append(
            (
                programme,
                ref.text,
                int(version.text or ""),
                name.text,
                ";".join(identifiers),
                words[status.text],
                form.read(since.text or ""),
            )
        )
    return found


class SQLiteTable:
    """A table in a file, as durable as ours."""

    def __init__(self, file: Path) -> None:
        self._raw: Any = pysqlite3.connect(file)
        self._raw.isolation_level = None
        for pragma in _PRAGMAS:
            self._raw.execute(f"PRAGMA {pragma}")
        self._raw.execute(f"CREATE TABLE plain ({_COLUMNS}, PRIMARY KEY (partner, ref))")

    def insert(self, rows: Sequence[Values]) -> None:
        self._raw.execute("BEGIN IMMEDIATE")
        self._raw.executemany("INSERT INTO plain VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        self._raw.execute("COMMIT")

    def check(self, count: int) -> None:
        """Raise `Wrong` unless so many rows are there."""
        (found,) = self._raw.execute("SELECT count(*) FROM plain").fetchone()
        check("rows the floor inserted", found, count)

    def close(self) -> None:
        self._raw.close()


class PostgresTable:
    """A table on the server, as durable as ours."""

    def __init__(self, url: URL) -> None:
        plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._raw = psycopg.connect(plain)
        self._raw.execute(f"CREATE TABLE plain ({_COLUMNS}, PRIMARY KEY (partner, ref))".encode())
        self._raw.commit()

    def insert(self, rows: Sequence[Values]) -> None:
        with self._raw.cursor() as cursor, cursor.copy("COPY plain FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        self._raw.commit()

    def check(self, count: int) -> None:
        """Raise `Wrong` unless so many rows are there."""
        found = self._raw.execute("SELECT count(*) FROM plain").fetchone()
        check("rows the floor inserted", found, (count,))

    def close(self) -> None:
        self._raw.close()


@contextmanager
def table(ground: Ground, engine: Engine) -> Iterator[SQLiteTable | PostgresTable]:
    """An empty table in a file or on the server, thrown away at the end of the block."""
    with ExitStack() as stack:
        made: SQLiteTable | PostgresTable
        if engine == "sqlite":
            made = SQLiteTable(stack.enter_context(ground.room()) / "plain.db")
        else:
            made = PostgresTable(stack.enter_context(ground.database()))
        stack.callback(made.close)
        yield made


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@cache
def _schema(form: str) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(xsd_path(form))))


@cache
def _words(programme: str) -> dict[Status, str]:
    return dict(MAPPERS[programme].STATUS_WORDS)


@cache
def _heard(programme: str) -> dict[str | None, str]:
    return {word: status.value for status, word in _words(programme).items()}


_DAYS = 1 << 14
_ROC_BEGAN = 1911


@lru_cache(_DAYS)
def _slashes(day: date) -> str:
    return f"{day.day:02}/{day.month:02}/{day.year:04}"


@lru_cache(_DAYS)
def _dashes(day: date) -> str:
    return day.isoformat()


@lru_cache(_DAYS)
def _compact(day: date) -> str:
    return f"{day.year:04}{day.month:02}{day.day:02}"


@lru_cache(_DAYS)
def _roc(day: date) -> str:
    return f"{day.year - _ROC_BEGAN:03}/{day.month:02}/{day.day:02}"


_FORMS = {
    "mx-neec": _Form(
        root='<operadores xmlns="urn:mrx:mx-neec:1.0">\n%s</operadores>',
        record="<operador><referencia>%s</referencia><version>%s</version>"
        "<razonSocial>%s</razonSocial>%s<situacion>%s</situacion>"
        "<fechaIngreso>%s</fechaIngreso></operador>\n",
        identifier='<identificador clave="%s">%s</identificador>',
        day=_slashes,
        read=lambda said: f"{said[6:]}-{said[3:5]}-{said[:2]}",
    ),
    "ca-pip": _Form(
        root='<PIPMembers xmlns="urn:mrx:ca-pip:1.0">\n%s</PIPMembers>',
        record="<Member><Reference>%s</Reference><Version>%s</Version>"
        "<LegalName>%s</LegalName>%s<MemberStatus>%s</MemberStatus>"
        "<MemberSince>%s</MemberSince></Member>\n",
        identifier='<Identifier type="%s">%s</Identifier>',
        day=_dashes,
        read=lambda said: said,
    ),
    "tw-aeo": _Form(
        root='<AEOList xmlns="urn:mrx:tw-aeo:1.0">\n%s</AEOList>',
        record="<AEO><ReferenceNumber>%s</ReferenceNumber><VersionNumber>%s</VersionNumber>"
        "<CompanyName>%s</CompanyName>%s<CertificationStatus>%s</CertificationStatus>"
        "<CertificationDate>%s</CertificationDate></AEO>\n",
        identifier='<CompanyID typeCode="%s">%s</CompanyID>',
        day=_roc,
        read=lambda said: f"{int(said[:3]) + _ROC_BEGAN}-{said[4:6]}-{said[7:]}",
    ),
    "il-aeo": _Form(
        root='<AuthorizedOperators xmlns="urn:mrx:il-aeo:1.0">\n%s</AuthorizedOperators>',
        record="<Operator><Reference>%s</Reference><Version>%s</Version>"
        "<RegisteredName>%s</RegisteredName>%s<ApprovalStatus>%s</ApprovalStatus>"
        "<ApprovalDate>%s</ApprovalDate></Operator>\n",
        identifier='<Number kind="%s">%s</Number>',
        day=_slashes,
        read=lambda said: f"{said[6:]}-{said[3:5]}-{said[:2]}",
    ),
    "kr-aeo": _Form(
        root='<aeoCompanyList xmlns="urn:mrx:kr-aeo:1.0">\n%s</aeoCompanyList>',
        record="<aeoCompany><referenceNo>%s</referenceNo><versionNo>%s</versionNo>"
        "<companyName>%s</companyName>%s<authorizationStatus>%s</authorizationStatus>"
        "<authorizationDate>%s</authorizationDate></aeoCompany>\n",
        identifier='<companyNo typeCode="%s">%s</companyNo>',
        day=_compact,
        read=lambda said: f"{said[:4]}-{said[4:6]}-{said[6:]}",
    ),
}
