"""Records over a document: written as chunks of text, taken one by one.

Here is what XML asks of every programme alike. What a programme says, and in which words, stands
in its own module.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

from lxml import etree

from mappers.base import Misread
from schemas import document as documents
from schemas import ref as refs
from schemas.errors import BadDocument, BadRecord, Unsayable
from schemas.record import Record
from schemas.text import encoded

CHUNK = 1_000
MISREADS_MAX = 1_000
# In every XSD, too. libxml2 finds the place of each fault by counting the siblings before it:
# 100,000 bad identifiers in one record took it a minute. After a thousand it looks no further.
IDENTIFIERS_MAX = 1_000
VERSION_MAX = 10**18 - 1  # 18 digits, in every XSD, so that a database's integer holds it

_SPACE = " \t\r\n"
# Records with a dozen attributes in one place are never shown to the validator, which keeps a
# message for each: 900,000 took it 0.8 GB. As many of them as it takes to give the document up.
_OVERGROWN = etree.XPath(f"*[@*[12] or */@*[12]][position() <= {MISREADS_MAX + 1}]")

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The names of one programme's document, and how records go into it and come out of it.

    The ref is the first field of a record and the version the second. `category` is the attribute
    of a record that says what kind of member it is, and what it means where it is left out.
    """

    format: str
    namespace: str
    root: str
    record: str
    ref: str
    version: str
    category: tuple[str, str] | None = None

    def written(
        self,
        records: Sequence[Record],
        *,
        unsayable: Callable[[Record], str | None],
        said: Callable[[Record], str],
    ) -> bytes:
        """The whole document; `said` gives the text of one sayable record, escaped."""
        pieces = [f'<{self.root} xmlns="{self.namespace}">\n'.encode()]
        for start in range(0, len(records), CHUNK):
            chunk = records[start : start + CHUNK]
            for record in chunk:
                if (code := unsayable(record)) is not None:
                    raise Unsayable(code)
            pieces.append(encoded("".join([said(record) for record in chunk])))
        pieces.append(f"</{self.root}>".encode())
        return b"".join(pieces)

    def read(
        self, document: etree._Element, heard: Callable[[etree._Element], Record]
    ) -> Iterator[Record | Misread]:
        """Each record; `heard` makes one of a schema-valid element or raises `BadRecord`."""
        self._check_envelope(document)
        overgrown = set(cast("Iterable[object]", _OVERGROWN(document)))
        misreads = 0
        for element in document:
            taken = self._take(element, heard, overgrown=element in overgrown)
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
        # Elements of these names stand in a record once, and nowhere else.
        told = zip(
            document.iter(self._tag(self.ref)), document.iter(self._tag(self.version)), strict=True
        )
        return [(text(ref), int(text(version))) for ref, version in told]

    def categories(self, document: etree._Element) -> dict[str, str]:
        """The category of every record that says its ref; empty where the format has none."""
        if self.category is None:
            return {}
        name, default = self.category
        place = self._tag(self.ref)
        return {
            element.findtext(place) or "": cast("str", element.get(name, default))
            for element in document
        }

    def _check_envelope(self, document: etree._Element) -> None:
        """Raise `BadDocument` unless this is the root, its records and space between them."""
        # The root by itself, because the records are judged one at a time.
        root = etree.Element(document.tag, cast("dict[str, str]", document.attrib))
        if document.tag != self._tag(self.root) or not documents.valid(self.format, root):
            raise BadDocument("MRX-2305", root="not that of the format")
        record = self._tag(self.record)
        if any(element.tag != record for element in document):
            raise BadDocument("MRX-2305", element="not a record, where records stand")
        spaces = (document.text, *[element.tail for element in document])
        if any(space and space.strip(_SPACE) for space in spaces):
            raise BadDocument("MRX-2305", text="between records")

    def _take(
        self,
        element: etree._Element,
        heard: Callable[[etree._Element], Record],
        *,
        overgrown: bool,
    ) -> Record | Misread:
        if overgrown or not documents.valid(self.format, element):
            ref = element.findtext(self._tag(self.ref)) or ""
            return Misread(ref if refs.is_ref(ref) else None, "MRX-2306")
        try:
            return heard(element)
        except BadRecord:
            return Misread(text(element[0]), "MRX-2307")

    def _tag(self, name: str) -> str:
        return f"{{{self.namespace}}}{name}"


def obstacle(record: Record, kinds: Mapping[str, str]) -> str | None:
    """The code of why a document with these kinds of identifiers cannot say the record, or None."""
    assert record.version <= VERSION_MAX, "a version counts tellings"
    if len(record.identifiers) > IDENTIFIERS_MAX:
        return "MRX-2106"
    for identifier in record.identifiers:
        if identifier.scheme not in kinds:
            return "MRX-2103"
    return None


def text(element: etree._Element) -> str:
    """The text of a field, every character of it; a schema-valid field has one."""
    return element.text or ""


def known(table: Mapping[str, _Value], word: str | None) -> _Value:
    """What a partner's word stands for; raises `BadRecord` for a word nobody knows."""
    if word is None or word not in table:
        raise BadRecord("MRX-2307")
    return table[word]
