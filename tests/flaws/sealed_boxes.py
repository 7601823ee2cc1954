"""Files that are not of our shape: sizes that lie, boxes in boxes, and other kinds of CMS."""

from signing import profile
from signing.der import CONTEXT_0, OCTETS, SEQUENCE, encode
from tests.flaws.sealed import Bench
from tests.flaws.sealed_shape import SHAPE
from tests.signing.ask import openssl
from tests.signing.forge import CONTENT, element

# -- 2: sizes that lie, and boxes in boxes ---------------------------------------------------------


@SHAPE.refused_with("MRX-3002")
def longer_than_it_is(bench: Bench) -> bytes:
    """The outermost length says one byte more than there is."""
    file = bench.draft().file()
    size = int.from_bytes(file[2:4], "big") + 1
    return file[:2] + size.to_bytes(2, "big") + file[4:]


@SHAPE.refused_with("MRX-3002")
def shorter_than_it_is(bench: Bench) -> bytes:
    """The outermost length says one byte less than there is."""
    file = bench.draft().file()
    size = int.from_bytes(file[2:4], "big") - 1
    return file[:2] + size.to_bytes(2, "big") + file[4:]


@SHAPE.refused_with("MRX-3002")
def terabytes(bench: Bench) -> bytes:
    """The outermost length says it has terabytes."""
    return b"\x30\x86\x7f\xff\xff\xff\xff\xff" + bench.draft().file()[4:]


@SHAPE.refused_with("MRX-3002")
def content_too_long(bench: Bench) -> bytes:
    """The content's length reaches beyond its box."""
    return bench.draft().file().replace(element(OCTETS, CONTENT), b"\x04\x7f" + CONTENT)


@SHAPE.refused_with("MRX-3002")
def no_length(bench: Bench) -> bytes:
    """It ends after its first byte."""
    return b"\x30"


@SHAPE.refused_with("MRX-3002")
def empty_box(bench: Bench) -> bytes:
    """It is a box with nothing in it."""
    return element(SEQUENCE)


@SHAPE.refused_with("MRX-3002")
def empty_body(bench: Bench) -> bytes:
    """It is named SignedData, and has none."""
    return element(SEQUENCE, encode(profile.SIGNED_DATA), element(CONTEXT_0, element(SEQUENCE)))


@SHAPE.refused_with("MRX-3002")
def negative_version(bench: Bench) -> bytes:
    """It is SignedData of version -1."""
    return bench.draft(version=-1).file()


@SHAPE.refused_with("MRX-3002")
def endless_version(bench: Bench) -> bytes:
    """Its version is a number of a hundred digits."""
    return bench.draft(version=10**100).file()


@SHAPE.refused_with("MRX-3002")
def sealed_content(bench: Bench) -> bytes:
    """Its content is of type SignedData: a sealed file in a sealed file."""
    return bench.draft(content=bench.draft().file(), content_type=profile.SIGNED_DATA).file()


@SHAPE.refused_with("MRX-3002")
def bare_body(bench: Bench) -> bytes:
    """The box around SignedData is missing."""
    file = bench.draft().file()
    return file[file.index(b"\x30", 5) :]


@SHAPE.refused_with("MRX-3002")
def compressed(bench: Bench) -> bytes:
    """The right container with the wrong kind in it: it is compressed."""
    return bench.draft(outer_type=profile.OID("1.2.840.113549.1.9.16.1.9")).file()


@SHAPE.refused_with("MRX-3002")
def encrypted_with_a_tag(bench: Bench) -> bytes:
    """The right container with the wrong kind in it: it is AuthEnvelopedData."""
    crt = bench.stranger_file.with_name("rsa.crt")
    return openssl("cms -encrypt -binary -aes-256-gcm -outform DER {crt}", data=CONTENT, crt=crt)


@SHAPE.refused_with("MRX-3002")
def digested(bench: Bench) -> bytes:
    """The right container with the wrong kind in it: it is DigestedData."""
    return openssl("cms -digest_create -binary -md sha256 -outform DER", data=CONTENT)


@SHAPE.refused_with("MRX-3002")
def page(bench: Bench) -> bytes:
    """It is a page of HTML, as a proxy's error is."""
    return b"<!DOCTYPE html>\n<title>502 Bad Gateway</title>\n"
