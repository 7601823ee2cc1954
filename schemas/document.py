"""Documents against their XSD: libxml2 decides (`schemas.explanation` says it to a person).

Its messages quote the values they refuse, so they stay here.
A format is `programme/version` and names the file `xsd/programme/version.xsd`; the envelope around
every batch and receipt is `exchange/1.0`. All schemas stand in this package: none is ever fetched.
"""

import re
import threading
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import cast

from lxml import etree

from schemas.errors import BadDocument

# What is checked in one piece of a stranger's document. Every fault is logged with its place, found
# by counting siblings: 100,000 faults in one list took 75 s, 10,000 take half a second. Longer
# lists are checked a record at a time.
NODES_MAX = 10_000

_FORMAT = re.compile(r"[a-z]+(?:-[a-z0-9]+)*/[0-9]+\.[0-9]+")
_SIZE = etree.XPath("count(descendant-or-self::*) + count(descendant-or-self::*/@*)")


class _Here(threading.local):
    """What stands once a thread. Shared, the lists of faults of two documents mix."""

    def __init__(self) -> None:
        self.schemas: dict[str, etree.XMLSchema] = {}


_here = _Here()
_BUILDING = threading.Lock()


def xsd_path(form: str) -> Path:
    """The XSD of a format; raises `BadDocument` MRX-2309 if the gateway does not know it.

    >>> xsd_path("exchange/1.0").name
    '1.0.xsd'
    """
    path = Path(str(files("schemas"))) / "xsd" / f"{form}.xsd"
    if _FORMAT.fullmatch(form) is None or not path.is_file():
        raise BadDocument("MRX-2309")
    return path


def check(form: str, element: etree._Element, *, nodes_max: int | None = None) -> None:
    """Raise `BadDocument` unless the element matches a global element of the XSD.

    MRX-2305 with line and rule (libxml2's name of it) of the first fault. For what a stranger sent
    give `nodes_max`: MRX-2304 for more elements and attributes than that.
    """
    if nodes_max is not None:
        must_be_small(element, nodes_max)
    schema = _schema(form)
    if not schema.validate(element):
        fault = schema.error_log[0]  # type: ignore[index]  # a list; the stubs do not say so
        raise BadDocument("MRX-2305", line=fault.line, rule=fault.type_name)


def valid(form: str, element: etree._Element) -> bool:
    """Whether one record matches a global element of the XSD: the fast question.

    The caller has seen to it that the record of a stranger is small (see `NODES_MAX`).
    """
    return _schema(form).validate(element)


def judge(form: str) -> Callable[[etree._Element], bool]:
    """What `valid` asks, for this thread and thousands of records."""
    return _schema(form).validate


def must_be_small(element: etree._Element, nodes_max: int) -> None:
    """Raise `BadDocument` MRX-2304 for more elements and attributes than that."""
    if size(element) > nodes_max:
        raise BadDocument("MRX-2304", elements_and_attributes_max=nodes_max)


def size(element: etree._Element) -> int:
    """How many elements and attributes it is, itself included."""
    return int(cast("float", _SIZE(element)))


def _schema(form: str) -> etree.XMLSchema:
    """Building one takes half a millisecond.

    One at a time in the whole process: the first lays libxml2's table of types, lxml lets go of the
    interpreter meanwhile, and two first ones at once end in a crash, or in a check without end.
    """
    schema = _here.schemas.get(form)
    if schema is None:
        with _BUILDING:
            schema = _here.schemas[form] = etree.XMLSchema(etree.parse(str(xsd_path(form))))
    return schema
