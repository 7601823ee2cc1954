"""Records over a document: written as chunks of text, taken one by one.

Here is what XML asks of every programme alike. What a programme says, and in which words, stands
in its own module.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import islice
from typing import TypeVar, cast
from unicodedata import normalize

from lxml import etree

from mappers.base import Misread
from schemas import document as documents
from schemas import ref as refs
from schemas.errors import BadDocument, BadRecord, Unsayable
from schemas.identifiers import identifier
from schemas.record import Record
from schemas.status import Status
from schemas.text import escaped

CHUNK = 1_000
MISREADS_MAX = 1_000
# In every XSD, too. libxml2 finds the place of each fault by counting the siblings before it:
# 100,000 bad identifiers in one record took it a minute. After a thousand it looks no further.
IDENTIFIERS_MAX = 1_000
VERSION_MAX = 10**18 - 1  # 18 digits, in every XSD, so that a database's integer holds it

# Records with a dozen attributes in one place are never shown to the validator, which keeps a
# message for each: 900,000 took it 0.8 GB. As many of them as it takes to give the document up.
_OVERGROWN = etree.XPath(f"*[@*[12] or */@*[12]][position() <= {MISREADS_MAX + 1}]")
# Whether there is such a place at all: there never is, and this is found in half the time.
_GROWN = etree.XPath("boolean(*/@*[12] | */*/@*[12])")
# The root may have XML Schema's own four and no other. It is judged as a copy, and copying attributes
# takes the square of their number: 900,000 of them took longer than anybody waited.
_CROWDED = etree.XPath("boolean(@*[5])")
_STRAY_TEXT = etree.XPath("boolean(text()[normalize-space()])")
# Their texts as plain strings: in a document that matches its XSD each has exactly one.
_FIRST = etree.XPath("*/*[1]/text()", smart_strings=False)
_SECOND = etree.XPath("*/*[2]/text()", smart_strings=False)

_Meaning = TypeVar("_Meaning")


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The names of one programme's document, and how records go into it and come out of it.

    A record says its ref, version, name, identifiers, status and day, in this order. `number` is
    the element of an identifier and the attribute with its kind. `category` is the attribute of a
    record that says what kind of member it is, and what it means where it is left out.
    """

    format: str
    namespace: str
    root: str
    record: str
    ref: str
    version: str
    number: tuple[str, str]
    kinds: Mapping[str, str]
    statuses: Mapping[Status, str]
    category: tuple[str, str] | None = None

    def written(
        self,
        records: Sequence[Record],
        *,
        unsayable: Callable[[Record], str | None],
        said: Callable[[Record, str, str], str],
    ) -> bytes:
        """The whole document; `said` gives the text of one sayable record, whose name and
        identifiers come to it escaped, the identifiers as elements.
        """
        pieces = [f'<{self.root} xmlns="{self.namespace}">\n'.encode()]
        for start in range(0, len(records), CHUNK):
            chunk = records[start : start + CHUNK]
            if (code := next(filter(None, map(unsayable, chunk)), None)) is not None:
                raise Unsayable(code)
            names = escaped([record.name for record in chunk])
            pieces.append("".join(map(said, chunk, names, self._numbers(chunk))).encode())
        pieces.append(f"</{self.root}>".encode())
        return b"".join(pieces)

    def read(
        self, document: etree._Element, read_date: Callable[[str], date]
    ) -> Iterator[Record | Misread]:
        """Each record; `read_date` makes a day of its text or raises `BadRecord`."""
        records = self._records(document)
        overgrown = set(cast("Iterable[object]", _OVERGROWN(document)) if _GROWN(document) else ())
        valid = documents.judge(self.format)
        misreads = 0
        for element in records:
            if element not in overgrown and valid(element):
                taken = self._heard(element, read_date)
            else:
                ref = element.findtext(self._tag(self.ref)) or ""
                taken = Misread(ref if refs.is_ref(ref) else None, "MRX-2306")
            if isinstance(taken, Misread):
                misreads += 1
                if misreads > MISREADS_MAX:
                    raise BadDocument("MRX-2305", misread=f"more than {MISREADS_MAX} records")
            yield taken

    def told(self, document: etree._Element) -> list[tuple[str, int]]:
        """The ref and the version of every record; raises `BadDocument` for one bad record.

        It is our own document: held against the XSD in one piece, in half the time. A stranger's
        thousands of faults would cost too much that way.
        """
        documents.check(self.format, document)
        told = zip(
            cast("list[str]", _FIRST(document)),
            map(int, cast("list[str]", _SECOND(document))),
            strict=True,
        )
        return list(told)

    def categories(self, document: etree._Element) -> dict[str, str]:
        """The category of every record that says its ref; empty where the format has none."""
        if self.category is None:
            return {}
        name, default = self.category
        place = self._tag(self.ref)
        said = {}
        for element in document:
            ref = next(element.iterchildren(place), None)
            said["" if ref is None else ref.text or ""] = cast("str", element.get(name, default))
        return said

    def _numbers(self, records: Sequence[Record]) -> list[str]:
        """The identifiers of each record, as elements."""
        every = [one for record in records for one in record.identifiers]
        opening, closing = self._openings, f"</{self.number[0]}>"
        values = escaped([one.value for one in every])
        elements = iter(
            [
                f"{opening[one.scheme]}{value}{closing}"
                for one, value in zip(every, values, strict=True)
            ]
        )
        return ["".join(islice(elements, len(record.identifiers))) for record in records]

    def _records(self, document: etree._Element) -> list[etree._Element]:
        """The records, unjudged. Raises `BadDocument` unless this is the root, its records and
        space between them.
        """
        if _CROWDED(document):
            raise BadDocument("MRX-2305", root="not that of the format")
        # The root by itself, because the records are judged one at a time.
        root = etree.Element(document.tag, cast("dict[str, str]", document.attrib))
        if document.tag != self._tag(self.root) or not documents.valid(self.format, root):
            raise BadDocument("MRX-2305", root="not that of the format")
        records = list(document.iterchildren(self._tag(self.record)))
        if len(records) != len(document):
            raise BadDocument("MRX-2305", element="not a record, where records stand")
        if _STRAY_TEXT(document):
            raise BadDocument("MRX-2305", text="between records")
        return records

    def _heard(self, element: etree._Element, read_date: Callable[[str], date]) -> Record | Misread:
        """A schema-valid record."""
        ref, version, name, *numbers, status, since = element
        said, schemes, kind = ref.text or "", self._schemes, self.number[1]
        try:
            identifiers = [identifier(schemes[n.get(kind)], n.text or "") for n in numbers]
            return Record.heard(
                said,
                int(version.text or ""),
                normalize("NFC", name.text or ""),
                tuple(identifiers),
                self._meant[status.text],
                read_date(since.text or ""),
            )
        except BadRecord:
            return Misread(said, "MRX-2307")

    @cached_property
    def _openings(self) -> dict[str, str]:
        """The start tag of an identifier, by scheme."""
        element, kind = self.number
        return {scheme: f'<{element} {kind}="{word}">' for scheme, word in self.kinds.items()}

    @cached_property
    def _schemes(self) -> "_Words[str]":
        return _Words({word: scheme for scheme, word in self.kinds.items()})

    @cached_property
    def _meant(self) -> "_Words[Status]":
        return _Words({word: status for status, word in self.statuses.items()})

    def _tag(self, name: str) -> str:
        return f"{{{self.namespace}}}{name}"


def obstacle(record: Record, kinds: Mapping[str, str]) -> str | None:
    """The code of why a document with these kinds of identifiers cannot say the record, or None."""
    assert record.version <= VERSION_MAX, "a version counts tellings"
    if len(record.identifiers) > IDENTIFIERS_MAX:
        return "MRX-2106"
    for one in record.identifiers:
        if one.scheme not in kinds:
            return "MRX-2103"
    return None


class _Words(dict[str | None, _Meaning]):
    """What a partner's words stand for; raises `BadRecord` for a word nobody knows."""

    def __missing__(self, word: str | None) -> _Meaning:
        raise BadRecord("MRX-2307")
