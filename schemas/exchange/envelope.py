"""The envelope of the exchange: what a Batch and a Receipt have in common, line by line.

A received one is taken apart and checked in pieces. Lists may be long and are checked one element
at a time; a programme's own document is checked by its mapper. What is left is small and is
checked whole, so that no part escapes the XSD and no number of faults is expensive.
"""

from collections.abc import Sequence
from copy import copy
from datetime import UTC, date, datetime
from typing import Any

from lxml import etree

from schemas.document import NODES_MAX, check, judge, must_be_small, size
from schemas.errors import BadDocument
from schemas.parse import parse
from schemas.ref import is_ref
from schemas.text import escape

FORMAT = "exchange/1.0"
NAMESPACE = "urn:mrx:exchange:1.0"
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'

ATTRIBUTES_MAX = 100  # of an element of the envelope; it may have four

# No element of a list has more than four children, or any attribute but XML Schema's own four.
_OVERGROWN = etree.XPath("boolean(*[*[5] or @*[5] or */* or */@*[5]])")
_STRAY_TEXT = etree.XPath("boolean(text()[normalize-space()])")


# -- writing ---------------------------------------------------------------------------------------


def line(name: str, value: object) -> str:
    """One element with this text, or nothing for None."""
    return "" if value is None else f"<{name}>{escape(str(value))}</{name}>\n"


def listed(home: str, lines: Sequence[str]) -> str:
    """The lines in their home element, or nothing if there are none."""
    return f"<{home}>\n{''.join(lines)}</{home}>\n" if lines else ""


def utc(moment: datetime) -> str:
    """An aware time in whole seconds, as the XSD writes it."""
    assert moment.tzinfo is not None, "times are aware"
    assert moment.microsecond == 0, "times are in whole seconds"
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


# -- reading ---------------------------------------------------------------------------------------


def opened(content: bytes, root: str, *, bytes_max: int) -> etree._Element:
    """The parsed document, if its root is the one expected; raises `BadDocument`."""
    element = parse(content, bytes_max=bytes_max)
    if element.tag != tag(root):
        raise BadDocument("MRX-2305", line=element.sourceline, expected=root)
    return element


def take_list(root: etree._Element, home: str, name: str) -> list[etree._Element]:
    """Take every element of a list out of its home, each checked; raises `BadDocument`.

    What else stands in the home stays there, for `check_rest` to find.
    """
    place = _child(root, home)
    if place is None:
        return []
    if _OVERGROWN(place):
        raise BadDocument("MRX-2304", list=home)
    if _STRAY_TEXT(place):
        raise BadDocument("MRX-2305", line=place.sourceline, list=home)
    elements = list(place.iterchildren(tag(name)))
    valid = judge(FORMAT)
    for element in elements:
        if not valid(element):
            check_rest(element)
        place.remove(element)
    return elements


def parted(root: etree._Element) -> tuple[etree._Element, etree._Element | None]:
    """What a batch says beside the programme's document, and the document, both unchecked.

    An empty element of the document's name stands for it in the rest, so that `check_rest` sees
    whether it may stand there. The rest is copied and the document stays where it is: lxml takes a
    subtree out in a time that grows with the square of the namespaces declared in it. Raises
    `BadDocument` MRX-2304 where the rest is much.
    """
    place = _child(root, "Document")
    document = None if place is None or len(place) == 0 else place[0]
    left = NODES_MAX
    rest = _bare(root)
    for child in root:
        home, inner = (rest, [child]) if child is not place else (_bare(child), list(child))
        for one in inner:
            if one is document:
                home.append(_named_alike(one))
                one.tail = None
            else:
                left -= size(one)
                if left < 0:
                    raise BadDocument("MRX-2304", elements_and_attributes_max=NODES_MAX)
                home.append(_copied(one))
        if home is not rest:
            rest.append(home)
    return rest, document


def header_alone(root: etree._Element) -> etree._Element:
    """A batch with nothing but its first child, unchecked. Raises `BadDocument` MRX-2304 if that is
    much.
    """
    rest = _bare(root)
    if len(root):
        must_be_small(root[0], NODES_MAX)
        rest.append(_copied(root[0]))
    return rest


def check_rest(element: etree._Element) -> None:
    """Raise `BadDocument` MRX-2305 unless what is left matches the XSD, MRX-2304 if it is much."""
    check(FORMAT, element, nodes_max=NODES_MAX)


def tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


class Fields(dict[str, str]):
    """The texts of an element's children by their names, once the XSD has been checked: what it
    demands stands under `[]`, what may be missing under `get`. Of several of one name, the last.
    """

    def __init__(self, element: etree._Element) -> None:
        start = len(NAMESPACE) + 2  # `{urn:mrx:exchange:1.0}`
        super().__init__([(child.tag[start:], child.text or "") for child in element])
        self.line = element.sourceline


def ref(element: etree._Element) -> str:
    """The text of a Ref; raises `BadDocument` MRX-2307 if its check character fails."""
    text = element.text or ""
    if not is_ref(text):
        raise BadDocument("MRX-2307", line=element.sourceline, field="Ref")
    return text


def moment(fields: Fields, name: str) -> datetime:
    """The time in a field, aware, in UTC; raises `BadDocument` MRX-2307 for hour 24 or year 0."""
    try:
        return datetime.fromisoformat(fields[name].strip()).astimezone(UTC)
    except ValueError:
        raise BadDocument("MRX-2307", line=fields.line, field=name) from None


def day(fields: Fields, name: str) -> date | None:
    """The day in a field, if there is one; raises `BadDocument` MRX-2307 for year 0."""
    text = fields.get(name)
    try:
        return None if text is None else date.fromisoformat(text.strip())
    except ValueError:
        raise BadDocument("MRX-2307", line=fields.line, field=name) from None


def _bare(element: etree._Element) -> etree._Element:
    """The element without its children; the texts around them stay. Raises `BadDocument` MRX-2304
    for hundreds of attributes: each that is set is compared with all before it.
    """
    if len(element.attrib) > ATTRIBUTES_MAX:
        raise BadDocument("MRX-2304", attributes_max=ATTRIBUTES_MAX)
    names: Any = element.nsmap  # the stubs do not know that a prefix may be None
    said: Any = dict(element.attrib)
    bare = etree.Element(element.tag, said, nsmap=names)
    bare.text, bare.tail, bare.sourceline = element.text, element.tail, element.sourceline
    return bare


def _named_alike(element: etree._Element) -> etree._Element:
    alike = etree.Element(element.tag)
    alike.tail, alike.sourceline = element.tail, element.sourceline
    return alike


def _copied(element: etree._Element) -> etree._Element:
    copied = copy(element)
    copied.tail = element.tail
    return copied


def _child(element: etree._Element, name: str) -> etree._Element | None:
    """The first child of that name."""
    return next(element.iterchildren(tag(name)), None)


def each_once(refs: Sequence[str]) -> None:
    """Raise `BadDocument` MRX-2308 if one of them occurs twice."""
    if len(set(refs)) != len(refs):
        raise BadDocument("MRX-2308")
