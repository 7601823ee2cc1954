"""What is wrong with a document, said to the person who repairs it: xmlschema explains.

libxml2, which decides (`schemas.document`), is ninety times as fast, and its messages repeat
values. Nobody pays for this module who does not ask: to import xmlschema takes 0.2 s.
"""

import re
import threading
from dataclasses import dataclass
from itertools import islice
from typing import Any, cast

import xmlschema
from lxml import etree

from schemas.document import NODES_MAX, must_be_small, xsd_path

FAULTS_MAX = 100

_NAMESPACE = re.compile(r"\{[^}]*\}")


class _Here(threading.local):
    """What stands once a thread: shared, the lists of faults of two documents mix."""

    def __init__(self) -> None:
        self.explainers: dict[str, xmlschema.XMLSchema10] = {}


_here = _Here()


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: where, and why in general words. It repeats no value."""

    line: int | None
    path: str
    reason: str


def explain(form: str, element: etree._Element) -> list[Fault]:
    """What is wrong with one record that failed, for the person who repairs it.

    At most `FAULTS_MAX` faults, none for a record that is valid. Slow: 0.15 ms a record. Raises
    `BadDocument` MRX-2304 for an element too large to be a record.
    """
    must_be_small(element, NODES_MAX)
    try:
        # Hints of where a schema lies are the sender's: not followed.
        faults = _explainer(form).iter_errors(element, use_location_hints=False)
        return [_fault(fault, element) for fault in islice(faults, FAULTS_MAX)]
    except xmlschema.XMLSchemaException:  # an xsi:type that names nothing, and the like
        line = cast("int | None", element.sourceline)
        return [Fault(line, _local(element.tag), "cannot be checked at all")]


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
