"""Mutations that know XML: a document stays one, but not quite the one it was."""

import random
from collections.abc import Callable
from copy import deepcopy

from lxml import etree

# Values that have hurt somebody: numbers, days, marks, letters of other scripts, what XML escapes.
VALUES = (
    *("", " ", "0", "-1", "+1", "01", "1" * 18, "9" * 19, "１", "١", "1.0", "1e3", " 1 ", "NaN"),
    *("2014-02-30", "0000-00-00", "31/02/2014", "9999-12-31", "2014-04-07T24:00:00Z", "103/02/31"),
    *("7ZKQ3M9RTW4R", "7zkq3m9rtw4r", "MXZZINV100CIU", "QXQQ", "000-12-3456", "ZZÑ120229A10"),
    *("N\u0303", "\u1109\u1175", "㈜시험", "שלום", "\u200f", "\u200b", "\ufeff", "\x85", "\u2028"),
    *("𠮷", "e" + "\u0301" * 40, "a" * 501, "x\ty", "x\ny", "x\r", "]]>", "<&>", "'\"", "=1+1"),
    *("certificada", "urgent", "routine", "applied", "refused", "mx-neec", "us-ctpat"),
)
NAMES = ("x", "Document", "Header", "version", "{urn:other}x", "{urn:mrx:exchange:1.0}Batch")
ATTRIBUTES = (
    *("clave", "x", "{http://www.w3.org/XML/1998/namespace}space"),
    *("{http://www.w3.org/2001/XMLSchema-instance}nil",),
    *("{http://www.w3.org/2001/XMLSchema-instance}type",),
    *("{http://www.w3.org/2001/XMLSchema-instance}schemaLocation",),
)


def mutated(data: bytes, seed: int, plain: Callable[[bytes], bytes]) -> bytes:
    """One to four changes of a document's tree; `plain` changes bytes, where it is none, and one
    time in four.
    """
    dice = random.Random(seed)
    if dice.random() < 0.25:
        return plain(data)
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        return plain(data)
    if parser.error_log.filter_from_errors():  # names that lxml reads and does not write
        return plain(data)
    for _ in range(dice.randint(1, 4)):
        every = [element for element in root.iter() if isinstance(element.tag, str)]
        dice.choice(_CHANGES)(dice, dice.choice(every))
    written: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=dice.random() < 0.2)
    return written


def _text(dice: random.Random, element: etree._Element) -> None:
    element.text = _said(dice, element.text or "")


def _tail(dice: random.Random, element: etree._Element) -> None:
    if element.getparent() is not None:
        element.tail = _said(dice, element.tail or "")


def _said(dice: random.Random, text: str) -> str:
    at = dice.randint(0, len(text))
    value = dice.choice(VALUES)
    return dice.choice((value, text[:at] + value + text[at:], text[:at], text * 2))


def _drop(_dice: random.Random, element: etree._Element) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


def _double(dice: random.Random, element: etree._Element) -> None:
    parent = element.getparent()
    if parent is not None:
        for _ in range(dice.choice((1, 1, 2, 20))):
            parent.insert(dice.randint(0, len(parent)), deepcopy(element))


def _move(dice: random.Random, element: etree._Element) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.insert(dice.randint(0, len(parent)), element)


def _rename(dice: random.Random, element: etree._Element) -> None:
    element.tag = dice.choice(NAMES)


def _attribute(dice: random.Random, element: etree._Element) -> None:
    element.set(dice.choice((*ATTRIBUTES, *element.keys())), dice.choice(VALUES))


def _strip(_dice: random.Random, element: etree._Element) -> None:
    element.attrib.clear()


def _insert(dice: random.Random, element: etree._Element) -> None:
    new = dice.choice((etree.Comment(" x "), etree.PI("x", "y"), etree.Element("x")))
    element.insert(dice.randint(0, len(element)), new)


def _sink(dice: random.Random, element: etree._Element) -> None:
    inner = element
    for _ in range(dice.choice((1, 2, 250))):
        inner = etree.SubElement(inner, dice.choice(NAMES))


_CHANGES = (_text, _text, _text, _tail, _drop, _double, _move, _rename, _attribute, _strip, _insert)
_CHANGES += (_sink,)
