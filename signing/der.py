"""The ASN.1 of a sealed file, and the one place that knows the DER codec.

    File                                SEQUENCE: signedData, [0]
    └── SignedData                      SEQUENCE, version 1
        ├── digests                     SET of one Algorithm
        ├── content: Content            data, [0] OCTET STRING: the bytes that are sealed
        ├── certificates                [0] one certificate
        └── signers                     SET of one Signer
            ├── sid                     issuer and serial number
            ├── digest, algorithm       Algorithm each
            ├── attributes              [0] SET of Attribute: what is really signed
            └── signature

What stands in no shape does not decode: CRLs, unsigned attributes, trailing bytes, BER. The
codec (`cryptography.hazmat.asn1`) is strict, but young and marked unstable: its version is pinned
in pyproject.toml, nothing else in the program touches it, and the tests hold files sealed by
other programs against it.

Source: RFC 5652 (CMS), sections 3, 5 and 11; X.690 (DER).
"""

from datetime import datetime
from typing import Annotated, TypeVar

from cryptography.hazmat import asn1
from cryptography.x509 import ObjectIdentifier

encode = asn1.encode_der
decode = asn1.decode_der  # raises ValueError, and nothing else, on what is not the shape

# An element not looked into yet: its tag, and its inside as bytes of its own.
Element = asn1.TLV

SEQUENCE, SET, OCTETS, CONTEXT_0 = 0x30, 0x31, 0x04, 0xA0
UTC_TIME = 0x17

Shape = TypeVar("Shape")


@asn1.sequence
class Algorithm:
    oid: ObjectIdentifier
    null: asn1.Null | None


@asn1.sequence
class Attribute:
    oid: ObjectIdentifier
    values: asn1.SetOf[Element]


@asn1.sequence
class Content:
    type: ObjectIdentifier
    octets: Annotated[bytes, asn1.Explicit(0)]


@asn1.sequence
class Signer:
    """The algorithms stay undecoded: one with parameters is refused as an algorithm, not as DER."""

    version: int
    sid: Element
    digest: Element
    attributes: Annotated[asn1.SetOf[Attribute] | None, asn1.Implicit(0)]
    algorithm: Element
    signature: bytes


@asn1.sequence
class SignedData:
    """Its sets stay undecoded until they are known to be small.

    Decoding 24 MB of attributes takes 9 s and 0.9 GB.
    """

    version: int
    digests: Element
    content: Content
    certificates: Element
    signers: Element


@asn1.sequence
class File:
    type: ObjectIdentifier
    body: Annotated[SignedData, asn1.Explicit(0)]


def part(tag: int, *inside: bytes | list[bytes]) -> list[bytes]:
    """One element as pieces, to be joined once, so that a large content is copied once.

    >>> b"".join(part(SEQUENCE, encode(1), part(SET, encode(b"a")))).hex()
    '30080201013103040161'
    """
    pieces: list[bytes] = []
    for some in inside:
        if isinstance(some, bytes):
            pieces.append(some)
        else:
            pieces += some
    size = sum(map(len, pieces))
    if size < 128:
        return [bytes((tag, size)), *pieces]
    long = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return [bytes((tag, 128 | len(long))) + long, *pieces]


def encode_algorithm(oid: ObjectIdentifier, *, null: bool) -> bytes:
    """An algorithm identifier, with NULL parameters beside it or with none."""
    return encode(Algorithm(oid=oid, null=asn1.Null() if null else None))


def decode_element(element: Element, shape: type[Shape]) -> Shape:
    """What an element holds, in its shape; raises ValueError if it is not of that shape."""
    found: Shape = element.parse(shape)
    return found


def encode_time(moment: datetime) -> bytes:
    """Say an aware moment of whole seconds.

    UTCTime from 1950 to 2049, where its two digits of a year are clear, GeneralizedTime elsewhere
    (RFC 5652, 11.3).

    >>> from datetime import UTC
    >>> encode_time(datetime(2049, 12, 31, tzinfo=UTC))[2:].decode()
    '491231000000Z'
    >>> encode_time(datetime(2050, 1, 1, tzinfo=UTC))[2:].decode()
    '20500101000000Z'
    """
    short = 1950 <= moment.year <= 2049
    return encode(asn1.UTCTime(moment) if short else asn1.GeneralizedTime(moment))


def decode_time(element: Element) -> datetime:
    """The moment, aware, in UTC; raises ValueError if the element is not a time."""
    if element.tag_bytes == bytes([UTC_TIME]):
        return decode_element(element, asn1.UTCTime).as_datetime()
    return decode_element(element, asn1.GeneralizedTime).as_datetime()
