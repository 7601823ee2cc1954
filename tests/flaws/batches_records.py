"""Batches with one record that cannot be taken."""

from tests.flaws.batches import INCLUDED, REFS, XSI, Said, in_second, numbered, refused_with

_misread = refused_with("MRX-2306", Said.ALONE)
_unusable = refused_with("MRX-2307", Said.ALONE)

# -- one record, refused alone -------------------------------------------------------------------


@_misread
def element_in_a_name(content: bytes) -> bytes:
    """An element stands in a name."""
    return in_second(content, b"Empresa", b"Empresa<b>PLANTED</b>")


@_misread
def included_name(content: bytes) -> bytes:
    """A name is included from a file of ours."""
    return in_second(content, b"Empresa", INCLUDED)


@_misread
def nil_name(content: bytes) -> bytes:
    """A name says that it is nothing."""
    return in_second(content, b"<razonSocial>", b"<razonSocial " + XSI + b' xsi:nil="true">')


@_misread
def typed_name(content: bytes) -> bytes:
    """A name says that it is a number."""
    typed = b"<razonSocial " + XSI + b' xmlns:x="urn:x" xsi:type="x:integer">'
    return in_second(content, b"<razonSocial>", typed)


@_misread
def spaced_name(content: bytes) -> bytes:
    """A name says what white space in it means."""
    return in_second(content, b"<razonSocial>", b'<razonSocial xml:space="preserve">')


@_misread
def fifth_item(content: bytes) -> bytes:
    """A record says a fifth item."""
    return in_second(content, b"<situacion>", b"<direccion>PLANTED</direccion><situacion>")


@_misread
def two_names(content: bytes) -> bytes:
    """A record says two names."""
    return in_second(content, b"<razonSocial>", b"<razonSocial>PLANTED</razonSocial><razonSocial>")


@_misread
def no_status(content: bytes) -> bytes:
    """A record has no status."""
    start = content.index(b"<situacion>", content.index(REFS[1].encode()))
    end = content.index(b"</situacion>", start) + len(b"</situacion>")
    return content[:start] + content[end:]


@_misread
def long_winded(content: bytes) -> bytes:
    """A name is 501 characters long."""
    return in_second(content, b"Empresa", b"x" * 501)


@_misread
def version_nought(content: bytes) -> bytes:
    """A record's version is nought."""
    return in_second(content, b"<version>1", b"<version>0")


@_misread
def overgrown_record(content: bytes) -> bytes:
    """A record has a hundred thousand attributes."""
    return in_second(content, b"<operador>", b"<operador " + numbered(100_000) + b">")


@_misread
def overgrown_identifiers(content: bytes) -> bytes:
    """A record has a hundred thousand identifiers."""
    return in_second(
        content, b"<situacion>", b'<identificador clave="x"/>' * 100_000 + b"<situacion>"
    )


@_misread
def record_in_a_record(content: bytes) -> bytes:
    """A record stands in a record."""
    return in_second(content, b"</operador>", b"<operador/></operador>")


@_misread
def unknown_kind(content: bytes) -> bytes:
    """An identifier is of a kind that the format has not."""
    return in_second(content, b'clave="RFC"', b'clave="PLANTED"')


@_unusable
def unknown_status(content: bytes) -> bytes:
    """A status is a word that nobody knows."""
    return in_second(content, b"<situacion>", b"<situacion>PLANTED ")


@_unusable
def impossible_day(content: bytes) -> bytes:
    """A member joined on 31 February."""
    return in_second(content, b"05/01/2026", b"31/02/2014")


@_unusable
def shapeless(content: bytes) -> bytes:
    """An identifier has not the shape of its kind."""
    return in_second(content, b"ZZZ140101AA1", b"PLANTED")


@_unusable
def personal(content: bytes) -> bytes:
    """An importer number is somebody's social security number."""
    return in_second(content, b'clave="RFC">ZZZ140101AA1', b'clave="ICR">000-12-3456')


@_unusable
def invisible(content: bytes) -> bytes:
    """A name is nothing that anybody could see."""
    start = content.index(b"<razonSocial>", content.index(REFS[1].encode())) + len(b"<razonSocial>")
    end = content.index(b"</razonSocial>", start)
    return content[:start] + "\u00a0\u200b\u3000".encode() + content[end:]


@_unusable
def doubled_identifier(content: bytes) -> bytes:
    """An identifier stands twice."""
    one = b'<identificador clave="RFC">ZZZ140101AA1</identificador>'
    return in_second(content, one, one + one)


@refused_with("MRX-1112", Said.ALONE)
def tomorrow(content: bytes) -> bytes:
    """A member joins in a hundred years."""
    return in_second(content, b"05/01/2026", b"05/01/2126")
