"""The one XML parser: what a stranger sends is bounded first and parsed afterwards.

`guard` looks at bytes and costs a millisecond a megabyte; only what it lets through meets libxml2.
Nothing here opens a file or a connection, and no error repeats anything of the document.
"""

import re
import threading

from lxml import etree

from schemas.errors import BadDocument

DOCUMENT_BYTES_MAX = 24 << 20
# Every `<` and every attribute may become a node, and the dearest (an empty element with a letter
# behind it) takes 256 bytes: a quarter of a gigabyte at worst. A member takes about twenty, so
# this is ten batches of 5,000 members.
MARKUP_MAX = 1_000_000
# A document needs two or three. Thousands make every look-up of a prefix a search.
NAMESPACES_MAX = 64
# Those few may be said again and again: some programs say one in every record they write.
REPEATED_MAX = 8
# Three in every element of a full batch come to about half of it.
DECLARATIONS_MAX = 250_000
# XML lets a declaration be longer; nobody writes one, and what cannot be seen cannot be judged.
DECLARATION_BYTES_MAX = 256

_BOM = b"\xef\xbb\xbf"
_SPACE = b" \t\r\n"
_DECLARATION = re.compile(
    rb"<\?xml\s+version\s*=\s*[\"']1\.0[\"']"
    rb"(?:\s+encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"'])?"
    rb"(?:\s+standalone\s*=\s*[\"'](?:yes|no)[\"'])?\s*\?>"
)
# Behind each `xmlns`: the prefix and the name; and a name that is cut, because it holds that word.
_BEGINS = rb"(?::[^\s=\"'<>]*)?\s*=\s*"
_DECLARED = re.compile(_BEGINS + rb"(?:\"[^\"<]*\"|'[^'<]*')")
_CUT = re.compile(_BEGINS + rb"(?:\"[^\"<]*|'[^'<]*)\Z")
_ASCII = frozenset({b"US-ASCII", b"ASCII"})
_TOO_MUCH = frozenset({etree.ErrorTypes.ERR_RESOURCE_LIMIT, etree.ErrorTypes.ERR_NAME_TOO_LONG})


class _Here(threading.local):
    """One parser a thread: it serves one document at a time, and making it takes as long as
    parsing a batch of one.
    """

    def __init__(self) -> None:
        self.parser = etree.XMLParser(
            encoding="UTF-8",  # whatever a declaration says that `guard` understood otherwise
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=True,  # `good@x<!-- -->.evil` is one text, not two
            remove_pis=True,
            # Never schema=: half a document is then accepted, and lxml has crashed on 47 bytes.
        )


_here = _Here()


def guard(content: bytes, *, bytes_max: int) -> None:
    """Raise `BadDocument` for what no parser should see; no parser is involved.

    MRX-2301 too large, MRX-2302 not UTF-8, MRX-2303 a document type or an entity is declared,
    MRX-2304 built to be expensive.
    """
    if len(content) > bytes_max:
        raise BadDocument("MRX-2301", limit=bytes_max)
    # White space before the root is legal; before a declaration the parser refuses it.
    start = content.removeprefix(_BOM).lstrip(_SPACE)
    if not start.startswith(b"<") or b"\0" in content or not _says_utf8(start):
        raise BadDocument("MRX-2302")
    # One letter is found ten times as fast as nine, and few documents hold it.
    if b"!" in content and (b"<!DOCTYPE" in content or b"<!ENTITY" in content):
        raise BadDocument("MRX-2303")
    if len(content) > MARKUP_MAX and content.count(b"<") + content.count(b"=") > MARKUP_MAX:
        raise BadDocument("MRX-2304", elements_and_attributes_max=MARKUP_MAX)
    declared = content.count(b"xmlns")
    if declared > DECLARATIONS_MAX:
        raise BadDocument("MRX-2304", declarations_max=DECLARATIONS_MAX)
    if declared > NAMESPACES_MAX and not _repeats(content):
        raise BadDocument("MRX-2304", namespaces_max=NAMESPACES_MAX)


def parse(content: bytes, *, bytes_max: int = DOCUMENT_BYTES_MAX) -> etree._Element:
    """The root of the whole document, without comments and processing instructions.

    Raises `BadDocument`: what `guard` raises, MRX-2302 with the line where the document is not
    well-formed, MRX-2304 where it passes libxml2's limits (256 levels, 10 MB a text, 50 kB a name).
    """
    guard(content, bytes_max=bytes_max)
    try:
        root: etree._Element = etree.fromstring(content, _here.parser)
    except etree.XMLSyntaxError as error:
        code = error.code  # type: ignore[attr-defined]  # the stubs leave it out
        costly = code in _TOO_MUCH or "too big" in (error.msg or "")
        refusal = BadDocument("MRX-2304" if costly else "MRX-2302", line=error.lineno)
    else:
        # lxml looks at the last thing libxml2 said, and a warning may come after an error: a prefix
        # that nobody declared, or a namespace that is no URI, passed before `xml:space="x"`.
        said = _here.parser.error_log.filter_from_errors()
        if not said:
            return root
        refusal = BadDocument("MRX-2302", line=said[0].line)
    # Raised out here so that the syntax error, which quotes the document, is not kept as context.
    raise refusal


def _repeats(content: bytes) -> bool:
    """Whether its declarations are a few, over and over.

    Each begins with the word and is looked at by itself, so that none can be hidden behind another,
    or behind a quotation mark. A name that holds the word itself is none of a few.
    """
    seen: set[bytes] = set()
    _, *pieces = content.split(b"xmlns")
    for piece in pieces:
        if declared := _DECLARED.match(piece):
            seen.add(declared[0])
            if len(seen) > REPEATED_MAX:
                return False
        elif _CUT.match(piece):
            return False
    return True


def _says_utf8(start: bytes) -> bool:
    """Whether the document declares UTF-8, nothing, or ASCII and keeps to it."""
    if re.match(rb"<\?xml\s", start) is None:
        return True
    declaration = _DECLARATION.match(start, 0, DECLARATION_BYTES_MAX)
    if declaration is None:
        return False
    encoding = (declaration[1] or b"UTF-8").upper()
    return encoding == b"UTF-8" or (encoding in _ASCII and start.isascii())
