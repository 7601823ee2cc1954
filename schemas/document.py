"""Documents against their XSD: libxml2 decides, xmlschema explains.

libxml2 is ninety times as fast, and its messages quote the values they refuse, so they stay here.
A format is `programme/version` and names the file `xsd/programme/version.xsd`; the envelope around
every batch and receipt is `exchange/1.0`. All schemas stand in this package: none is ever fetched.
"""

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Any, cast

import xmlschema
from lxml import etree

from schemas.errors import BadDocument

# What is checked in one piece of a stranger's document. Every fault is logged with its place, found
# by counting siblings: 100,000 faults in one list took 75 s, 10,000 take half a second. Longer
# lists are checked a record at a time.
NODES_MAX = 10_000
FAULTS_MAX = 100

_FORMAT = re.compile(r"[a-z]+(?:-[a-z0-9]+)*/[0-9]+\.[0-9]+")
_NAMESPACE = re.compile(r"\{[^}]*\}")
_SIZE = etree.XPath("count(descendant-or-self::*) + count(descendant-or-self::*/@*)")


class _Here(threading.local):
    """What stands once a thread. Shared, the lists of faults of two documents mix."""

    def __init__(self) -> None:
        self.schemas: dict[str, etree.XMLSchema] = {}
        self.explainers: dict[str, xmlschema.XMLSchema10] = {}


_here = _Here()


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: where, and why in general words. It repeats no value."""

    line: int | None
    path: str
    reason: str


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
        _must_be_small(element, nodes_max)
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


def explain(form: str, element: etree._Element) -> list[Fault]:
    """What is wrong with one record that failed, for the person who repairs it.

    At most `FAULTS_MAX` faults, none for a record that is valid. Slow: 0.15 ms a record. Raises
    `BadDocument` MRX-2304 for an element too large to be a record.
    """
    _must_be_small(element, NODES_MAX)
    try:
        # Hints of where a schema lies are the sender's: not followed.
        faults = _explainer(form).iter_errors(element, use_location_hints=False)
        return [_fault(fault, element) for fault in islice(faults, FAULTS_MAX)]
    except xmlschema.XMLSchemaException:  # an xsi:type that names nothing, and the like
        line = cast("int | None", element.sourceline)
        return [Fault(line, _local(element.tag), "cannot be checked at all")]


def _must_be_small(element: etree._Element, nodes_max: int) -> None:
    if cast("float", _SIZE(element)) > nodes_max:
        raise BadDocument("MRX-2304", elements_and_attributes_max=nodes_max)


def _schema(form: str) -> etree.XMLSchema:
    """Building one takes half a millisecond."""
    schema = _here.schemas.get(form)
    if schema is None:
        schema = _here.schemas[form] = etree.XMLSchema(etree.parse(str(xsd_path(form))))
    return schema


def _explainer(form: str) -> xmlschema.XMLSchema10:
    explainer = _here.explainers.get(form)
    if explainer is None:
        explainer = _here.explainers[form] = xmlschema.XMLSchema10(
            xsd_path(form).resolve(), allow="local", defuse="always"
        )
    return explainer


# What a fault is called, by the part of the schema that found it.
_REASONS = {
    "XsdPatternFacets": "the value does not have the form of {0.regexps}",
    "XsdEnumerationFacets": "the value is none of {0.enumeration}",
    "XsdMinLengthFacet": "the value is shorter than {0.value}",
    "XsdMaxLengthFacet": "the value is longer than {0.value}",
    "XsdAttributeGroup": "an attribute is missing, or one is too many",
    "XsdElement": "there are elements where only text may stand",
    "XsdAtomicBuiltin": "the value is not a valid {0.local_name}",
}


def _fault(fault: xmlschema.XMLSchemaValidationError, record: etree._Element) -> Fault:
    found_by: Any = fault.validator
    reason = _REASONS.get(type(found_by).__name__, "does not match the schema").format(found_by)
    if isinstance(fault, xmlschema.XMLSchemaChildrenValidationError):
        wanted = [_local(particle.name) for particle in fault.expected or () if particle.name]
        reason = f"{' or '.join(wanted)} is expected here" if wanted else "an element is too many"
    elif type(found_by).__name__ == "XsdGroup":
        reason = "there is text between the elements"
    path = _NAMESPACE.sub("", fault.path or "").lstrip("/")
    return Fault(fault.sourceline, path or _local(record.tag), reason)


def _local(tag: str) -> str:
    return _NAMESPACE.sub("", tag)
