"""Batches that no parser should see: document types of any kind, and what is built to be expensive."""

from schemas.parse import DECLARATIONS_MAX
from tests.flaws.batches import (
    Said,
    doctype,
    numbered,
    refused_with,
    swapped,
    without_declaration,
)

_dtd = refused_with("MRX-2303", Said.PROBLEM)
_costly = refused_with("MRX-2304", Said.PROBLEM)

# -- document types of any kind ----------------------------------------------------------------


@_dtd
def bomb(content: bytes) -> bytes:
    """An entity of entities of entities is used once."""
    entities = [b'<!ENTITY e%d "%s">' % (n, b"&e%d;" % (n - 1) * 10) for n in range(1, 20)]
    declared = b'[<!ENTITY e0 "PLANTED">' + b"".join(entities) + b"]"
    return swapped(doctype(content, declared), b"Empresa", b"&e19;")


@_dtd
def quadratic(content: bytes) -> bytes:
    """One long entity is used often."""
    declared = b'[<!ENTITY e "' + b"x" * 50_000 + b'">]'
    return swapped(doctype(content, declared), b"Empresa", b"&e;" * 10_000)


@_dtd
def cyclic(content: bytes) -> bytes:
    """Two entities name each other."""
    return swapped(doctype(content, b'[<!ENTITY a "&b;"><!ENTITY b "&a;">]'), b"Empresa", b"&a;")


@_dtd
def file_entity(content: bytes) -> bytes:
    """An external entity is a file of ours."""
    declared = b'[<!ENTITY e SYSTEM "file:///etc/hostname">]'
    return swapped(doctype(content, declared), b"Empresa", b"&e;")


@_dtd
def web_entity(content: bytes) -> bytes:
    """An external entity is an address."""
    declared = b'[<!ENTITY e PUBLIC "x" "http://127.0.0.1:9/PLANTED">]'
    return swapped(doctype(content, declared), b"Empresa", b"&e;")


@_dtd
def parameter_entity(content: bytes) -> bytes:
    """A parameter entity brings more of the document type from elsewhere."""
    return doctype(content, b'[<!ENTITY % p SYSTEM "http://127.0.0.1:9/PLANTED"> %p;]')


@_dtd
def external_subset(content: bytes) -> bytes:
    """The document type is somewhere else."""
    return doctype(content, b'SYSTEM "http://127.0.0.1:9/PLANTED.dtd"')


@_dtd
def empty_doctype(content: bytes) -> bytes:
    """A document type declares nothing."""
    return doctype(content, b"[]")


@_dtd
def default_attribute(content: bytes) -> bytes:
    """A document type gives an attribute a default."""
    return doctype(content, b'[<!ATTLIST operador rubro CDATA "agente">]')


@_dtd
def unparsed_entity(content: bytes) -> bytes:
    """A document type declares a notation and an entity that is no text."""
    return doctype(content, b'[<!NOTATION n SYSTEM "x"><!ENTITY e SYSTEM "y" NDATA n>]')


@_dtd
def late_doctype(content: bytes) -> bytes:
    """A document type stands behind a megabyte of comments."""
    comments = b"<!-- PLANTED -->" * 65_000
    return comments + doctype(without_declaration(content), b"[]")


@_dtd
def doctype_in_comment(content: bytes) -> bytes:
    """A document type stands in a comment, where it would do nothing: no two parsers may disagree."""
    return swapped(content, b"<Header>", b"<!-- <!DOCTYPE x> --><Header>")


@_dtd
def entity_in_section(content: bytes) -> bytes:
    """The declaration of an entity stands in a CDATA section of a name."""
    return swapped(content, b"Empresa", b"<![CDATA[<!ENTITY e 'x'>]]>")


# -- expensive ---------------------------------------------------------------------------------


@_costly
def deep(content: bytes) -> bytes:
    """Elements stand in elements, ten thousand deep."""
    return swapped(content, b"<Header>", b"<x>" * 10_000 + b"</x>" * 10_000 + b"<Header>")


@_costly
def deep_in_a_record(content: bytes) -> bytes:
    """Elements stand in elements within a record, three hundred deep."""
    return swapped(content, b"<version>", b"<x>" * 300 + b"</x>" * 300 + b"<version>")


@_costly
def attributes_of_the_root(content: bytes) -> bytes:
    """The root has a hundred thousand attributes."""
    return swapped(content, b"<Batch ", b"<Batch " + numbered(100_000) + b" ")


@_costly
def attributes_of_the_header(content: bytes) -> bytes:
    """The header has a hundred thousand attributes."""
    return swapped(content, b"<Header>", b"<Header " + numbered(100_000) + b">")


@_costly
def elements_in_the_header(content: bytes) -> bytes:
    """The header has a hundred thousand elements."""
    return swapped(content, b"<Header>", b"<Header>" + b"<From/>" * 100_000)


@_costly
def markup(content: bytes) -> bytes:
    """There are more elements than a million."""
    return swapped(content, b"<version>", b"<x/>" * 1_000_001 + b"<version>")


@_costly
def prefixes(content: bytes) -> bytes:
    """One element declares a thousand prefixes."""
    declared = b" ".join([b'xmlns:n%d="u"' % number for number in range(1_000)])
    return swapped(content, b"<Batch ", b"<Batch " + declared + b" ")


@_costly
def namespaces(content: bytes) -> bytes:
    """A thousand elements declare a namespace each, always another."""
    declared = b"".join([b'<x xmlns="u%d"/>' % number for number in range(1_000)])
    return swapped(content, b"<version>", declared + b"<version>")


@_costly
def repeated_namespaces(content: bytes) -> bytes:
    """More than a quarter of a million elements declare the same namespace."""
    declared = b'<x xmlns="u"/>' * (DECLARATIONS_MAX + 1)
    return swapped(content, b"<version>", declared + b"<version>")


@_costly
def long_name(content: bytes) -> bytes:
    """An element's name is as long as a book."""
    return swapped(content, b"<Header>", b"<" + b"x" * 60_000 + b"/><Header>")


@_costly
def long_text(content: bytes) -> bytes:
    """A name is eleven million letters long."""
    return swapped(content, b"Empresa", b"x" * 11_000_000)
