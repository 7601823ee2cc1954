"""Documents built to hurt a reader, each with its verdict: a code, or None where it is accepted.

Run as a program it reads each of them under a limit on memory and prints what came of it.
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

from schemas.errors import BadDocument
from schemas.parse import DECLARATIONS_MAX, DOCUMENT_BYTES_MAX, MARKUP_MAX, parse

# Beyond what the interpreter has when it starts: the document, and the dearest tree there can be.
MEMORY_MAX = 16 * DOCUMENT_BYTES_MAX


def flood(unit: bytes, number: int | None = None) -> bytes:
    """A root full of one thing; without a number, as large as a document may be."""
    number = (DOCUMENT_BYTES_MAX - 7) // len(unit) if number is None else number
    return b"<r>" + unit * number + b"</r>"


def attributes(number: int) -> bytes:
    return b"<r " + b" ".join([b'a%d=""' % n for n in range(number)]) + b"/>"


def nested(depth: int) -> bytes:
    return b"<a>" * depth + b"</a>" * depth


def members(size: int = DOCUMENT_BYTES_MAX) -> bytes:
    """An ordinary document of this size, or with as many elements as one may have."""
    texts = b"".join([b"<i%d>SOME ORDINARY TEXT</i%d>" % (n, n) for n in range(9)])
    unit = b"<m>" + texts + b"</m>\n"
    return flood(unit, min(size // len(unit), MARKUP_MAX // 20 - 1))


SHAPES: dict[str, tuple[Callable[[], bytes], str | None]] = {
    "one byte too many": (lambda: flood(b"x", DOCUMENT_BYTES_MAX - 6), "MRX-2301"),
    "empty elements": (lambda: flood(b"<a/>"), "MRX-2304"),
    "empty elements with text, as many as allowed": (
        lambda: flood(b"<a/>x", MARKUP_MAX - 2),
        None,
    ),
    "elements without end": (lambda: b"<a>" * (MARKUP_MAX * 2), "MRX-2304"),
    "attributes of one element": (lambda: attributes(MARKUP_MAX), "MRX-2304"),
    "half as many attributes of one element": (lambda: attributes(MARKUP_MAX // 2), None),
    "attributes of many": (
        lambda: flood(b'<a b="" c="" d=""/>', MARKUP_MAX // 3),
        "MRX-2304",
    ),
    "attributes of many, as many as allowed": (
        lambda: flood(b'<a b="" c="" d=""/>', MARKUP_MAX // 4 - 1),
        None,
    ),
    "namespaces of one element": (
        lambda: b"<r " + b" ".join([b'xmlns:n%d="u"' % n for n in range(65)]) + b"/>",
        "MRX-2304",
    ),
    "namespaces, as many as allowed": (
        lambda: b"<r " + b" ".join([b'xmlns:n%d="u"' % n for n in range(64)]) + b"/>",
        None,
    ),
    "a namespace in each element": (
        lambda: flood(b'<a xmlns="u"/>', DECLARATIONS_MAX + 1),
        "MRX-2304",
    ),
    "a namespace in each element, as many as allowed": (
        lambda: flood(b'<a xmlns="u"/>', DECLARATIONS_MAX),
        None,
    ),
    "namespaces without end in a few elements": (
        lambda: flood(b"<a " + b" ".join([b'xmlns:n%d="u"' % n for n in range(64)]) + b"/>", 3_000),
        "MRX-2304",
    ),
    "names, each another": (
        lambda: flood(b"".join([b"<a%011d/>" % n for n in range(MARKUP_MAX - 2)]), 1),
        None,
    ),
    "256 levels": (lambda: nested(256), None),
    "257 levels": (lambda: nested(257), "MRX-2304"),
    "100,000 levels": (lambda: nested(100_000), "MRX-2304"),
    "a text of 11 MB": (lambda: flood(b"x" * 11_000_000, 1), "MRX-2304"),
    "an attribute of 11 MB": (lambda: b'<r a="' + b"x" * 11_000_000 + b'"/>', "MRX-2304"),
    "a comment of 11 MB": (lambda: flood(b"<!--" + b"x" * 11_000_000 + b"-->", 1), "MRX-2304"),
    "a processing instruction of 11 MB": (
        lambda: flood(b"<?a " + b"x" * 11_000_000 + b"?>", 1),
        "MRX-2304",
    ),
    "a name of 60 kB": (lambda: b"<" + b"x" * 60_000 + b"/>", "MRX-2304"),
    "comments": (lambda: flood(b"<!---->"), "MRX-2304"),
    "comments between letters, as many as allowed": (
        lambda: flood(b"x<!---->", MARKUP_MAX - 2),
        None,
    ),
    "CDATA between letters, as many as allowed": (
        lambda: flood(b"x<![CDATA[y]]>", MARKUP_MAX - 2),
        None,
    ),
    "processing instructions, as many as allowed": (lambda: flood(b"<?a?>", MARKUP_MAX - 2), None),
    "character references": (lambda: flood(b"&#65;&#x10FFFD;"), None),
    "references of XML itself": (lambda: flood(b"&amp;&lt;", 1_000_000), None),
    "white space": (lambda: flood(b" \n" * 64 + b"<a/>"), None),
    "a tag of 20 million lines": (lambda: b"<r\n" + b"\n" * 20_000_000, "MRX-2304"),
    "equals signs": (lambda: flood(b"=", MARKUP_MAX), "MRX-2304"),
    "brackets": (lambda: flood(b"]]", 4_000_000), None),
    "half a document": (lambda: members()[:-100], "MRX-2302"),
    "an entity of entities": (
        lambda: (
            b"<!DOCTYPE r ["
            + b"".join([b'<!ENTITY e%d "%s">' % (n, b"&e%d;" % (n - 1) * 10) for n in range(1, 20)])
            + b"]><r>&e19;</r>"
        ),
        "MRX-2303",
    ),
    "a document type behind 20 MB of comments": (
        lambda: b"<!---->" * 3_000_000 + b"<!DOCTYPE r><r/>",
        "MRX-2303",
    ),
}


def verdict(content: bytes) -> str | None:
    try:
        parse(content)
    except BadDocument as refused:
        return refused.code
    return None


def timed(build: Callable[[], bytes]) -> tuple[str | None, float]:
    """The better of two: memory that is touched for the first time may cost more than the reading."""
    content = build()
    seconds = []
    for _ in range(2):
        began = time.process_time()
        said = verdict(content)
        seconds.append(time.process_time() - began)
    return said, min(seconds)


def main() -> None:
    """Print, as JSON, verdict and CPU seconds of every shape, and of an ordinary document."""
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY_MAX, size + MEMORY_MAX))
    said: dict[str, object] = {name: timed(build) for name, (build, _) in SHAPES.items()}
    _, said["ordinary"] = timed(members)
    json.dump(said, sys.stdout)


if __name__ == "__main__":
    main()
