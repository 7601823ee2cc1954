"""Batches that no parser takes: other encodings, tricks with encodings, and what is not well-formed."""

import gzip

from tests.flaws.batches import Said, refused_with, swapped, without_declaration

_unread = refused_with("MRX-2302", Said.PROBLEM)

# -- encodings ---------------------------------------------------------------------------------


@_unread
def utf_16(content: bytes) -> bytes:
    """It is UTF-16 with its mark, and says so."""
    return content.decode().replace("UTF-8", "UTF-16").encode("utf-16")


@_unread
def utf_16_unmarked(content: bytes) -> bytes:
    """It is UTF-16 without a mark or a declaration."""
    return without_declaration(content).decode().encode("utf-16-be")


@_unread
def utf_32(content: bytes) -> bytes:
    """It is UTF-32."""
    return without_declaration(content).decode().encode("utf-32")


@_unread
def utf_7(content: bytes) -> bytes:
    """It says it is UTF-7, in which a document type looks like letters."""
    hidden = b"+ADwAIQ-DOCTYPE x+AD4-"
    return swapped(content, b'UTF-8"?>', b'UTF-7"?>' + hidden)


@_unread
def ebcdic(content: bytes) -> bytes:
    """It is EBCDIC."""
    return without_declaration(content).decode().encode("cp037")


@_unread
def latin_1(content: bytes) -> bytes:
    """It is Latin-1, and says so."""
    text = content.decode().replace("UTF-8", "ISO-8859-1").replace("Empresa", "Compañía")
    return text.encode("latin-1")


@_unread
def latin_1_unsaid(content: bytes) -> bytes:
    """It is Latin-1, and says it is UTF-8."""
    return content.decode().replace("Empresa", "Compañía").encode("latin-1")


@_unread
def declared_otherwise(content: bytes) -> bytes:
    """It is UTF-8, and says it is UTF-16."""
    return swapped(content, b"UTF-8", b"UTF-16")


@_unread
def declared_twice(content: bytes) -> bytes:
    """It names two encodings."""
    return swapped(content, b'encoding="UTF-8"', b'encoding="UTF-8" encoding="UTF-7"')


@_unread
def overlong(content: bytes) -> bytes:
    """A bracket is written with a byte too many."""
    return swapped(content, b"Empresa", b"\xc0\xbcx/\xc0\xbe")


@_unread
def overlong_nothing(content: bytes) -> bytes:
    """U+0000 is written as Java writes it."""
    return swapped(content, b"Empresa", b"\xc0\x80")


@_unread
def surrogates(content: bytes) -> bytes:
    """A character beyond U+FFFF is written as two halves, which is CESU-8."""
    return swapped(content, b"Empresa", b"\xed\xa0\xbd\xed\xb8\x80")


@_unread
def beyond_unicode(content: bytes) -> bytes:
    """A character stands beyond U+10FFFF."""
    return swapped(content, b"Empresa", b"\xf4\x90\x80\x80")


@_unread
def marked_twice(content: bytes) -> bytes:
    """It begins with two byte order marks."""
    return b"\xef\xbb\xbf" * 2 + content


@_unread
def packed(content: bytes) -> bytes:
    """It is packed with gzip inside the seal."""
    return gzip.compress(content, mtime=0)


# -- not well-formed ---------------------------------------------------------------------------


@_unread
def nothing(content: bytes) -> bytes:
    """Nothing was sealed."""
    return b""


@_unread
def blank_first(content: bytes) -> bytes:
    """A line end stands before the XML declaration."""
    return b"\n" + content


@_unread
def newer_xml(content: bytes) -> bytes:
    """It is XML 1.1, which may hold control characters."""
    return swapped(content, b'version="1.0"', b'version="1.1"')


@_unread
def null(content: bytes) -> bytes:
    """A byte of nothing stands in a name."""
    return swapped(content, b"Empresa", b"Emp\0resa")


@_unread
def control(content: bytes) -> bytes:
    """A control character stands in a name."""
    return swapped(content, b"Empresa", b"Emp\x1bresa")


@_unread
def control_by_reference(content: bytes) -> bytes:
    """A control character stands in a name, by its number."""
    return swapped(content, b"Empresa", b"Emp&#27;resa")


@_unread
def no_character(content: bytes) -> bytes:
    """U+FFFE stands in a name."""
    return swapped(content, b"Empresa", b"\xef\xbf\xbe")


@_unread
def half_a_pair_by_reference(content: bytes) -> bytes:
    """Half of a surrogate pair stands in a name, by its number."""
    return swapped(content, b"Empresa", b"&#xD800;")


@_unread
def unknown_entity(content: bytes) -> bytes:
    """An entity that nobody declared stands in a name."""
    return swapped(content, b"Empresa", b"&nbsp;")


@_unread
def half(content: bytes) -> bytes:
    """The second half is missing."""
    return content[: len(content) // 2]


@_unread
def two_roots(content: bytes) -> bytes:
    """Two batches follow each other."""
    return content + without_declaration(content)


@_unread
def doubled_attribute(content: bytes) -> bytes:
    """An attribute stands twice in one tag."""
    return swapped(content, b' clave="RFC"', b' clave="RFC" clave="MID"')


@_unread
def undeclared_prefix(content: bytes) -> bytes:
    """A prefix is declared nowhere."""
    return swapped(content, b"<Header>", b"<p:x/><Header>")


@_unread
def undeclared_prefix_before_a_warning(content: bytes) -> bytes:
    """A prefix is declared nowhere, and the parser's last word is about something harmless."""
    return swapped(content, b"<Header>", b'<p:x/><Header xml:space="x">')


@_unread
def odd_namespace_before_a_warning(content: bytes) -> bytes:
    """The document's namespace is no URI, and the parser's last word is about something harmless."""
    return swapped(content, b'urn:mrx:mx-neec:1.0"', b'urn:mrx:mx -neec:1.0" xml:space="x"')


@_unread
def crossed_tags(content: bytes) -> bytes:
    """Two elements end in the wrong order."""
    return swapped(content, b"</Header>", b"</Batch></Header>")


@_unread
def open_section(content: bytes) -> bytes:
    """A CDATA section is never closed."""
    return swapped(content, b"Empresa", b"<![CDATA[")


@_unread
def html(content: bytes) -> bytes:
    """It is a page of HTML, as a proxy's error is."""
    return b"<html><body><br>PLANTED</body></html>"


@_unread
def json(content: bytes) -> bytes:
    """It is JSON."""
    return b'{"name": "PLANTED"}'
