"""Files of our shape, of the right certificate, whose smallest parts are nearly right: signatures,
times, algorithms and attributes that some readers of CMS let pass.
"""

import base64
import gzip
from collections.abc import Callable
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from signing import profile
from signing.der import OCTETS, SEQUENCE, SET, UTC_TIME, encode, encode_algorithm
from tests.flaws.sealed import BOTH, Bench, Flaws
from tests.flaws.sealed_shape import TEXT
from tests.signing.forge import (
    CONTENT,
    attribute,
    attributes_with,
    element,
    honest_attributes,
)

VALUES = Flaws()

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256
_DIGEST = sha256(CONTENT).digest()


def _named(code: str, name: str, make: Callable[[Bench], bytes], kinds: tuple[str, ...] = BOTH):
    make.__doc__ = name
    VALUES.refused_with(code, kinds=kinds)(make)


# -- armour that others put around a file ----------------------------------------------------------

for said, armour in {
    "It is base64 without a word around it.": base64.encodebytes,
    "It is written in hexadecimal digits.": lambda file: file.hex().encode(),
    "It is packed with gzip.": gzip.compress,
    "A byte order mark stands before it.": lambda file: b"\xef\xbb\xbf" + file,
    "A line end stands before it.": lambda file: b"\n" + file,
    "Another good file follows it.": lambda file: file + file,
    "Its length is written in a hundred and twenty-seven bytes.": lambda file: (
        b"\x30\xff" + b"\xff" * 127 + file[4:]
    ),
}.items():
    _named("MRX-3002", said, lambda bench, armour=armour: armour(bench.draft().file()))


# -- the content in another box --------------------------------------------------------------------

for said, inside in {
    "The content is said to be text.": element(0xA0, element(0x0C, CONTENT)),
    "The content stands right under its tag, without a type.": element(0x80, CONTENT),
    "There are two contents.": element(0xA0, element(OCTETS, CONTENT), element(OCTETS, CONTENT)),
    "The content stands in a SEQUENCE, as in PKCS #7.": element(
        0xA0, element(SEQUENCE, element(OCTETS, CONTENT))
    ),
}.items():
    _named(
        "MRX-3002",
        said,
        lambda bench, inside=inside: bench.draft(
            encapsulated=element(SEQUENCE, encode(profile.DATA), inside)
        ).file(),
    )


# -- signatures ------------------------------------------------------------------------------------


def _signed(change: Callable[[int, int], bytes]) -> Callable[[Bench], bytes]:
    """A file with a good signature, said otherwise: by what becomes of its r and s."""
    return lambda bench: bench.draft(
        sign=lambda message: change(*decode_dss_signature(bench.key.sign(message)))
    ).file()


for said, change in {
    "Its ECDSA signature is r and s one after the other, as in HTTP.": lambda r, s: (
        r.to_bytes(32, "big") + s.to_bytes(32, "big")
    ),
    "A byte follows its ECDSA signature.": lambda r, s: encode_dss_signature(r, s) + b"\0",
    "The r and s of its signature are nought.": lambda *_: encode_dss_signature(0, 0),
    "The r and s of its signature are the order of the curve.": lambda *_: encode_dss_signature(
        _ORDER, _ORDER
    ),
    "The r of its signature has gone once around the curve.": lambda r, s: encode_dss_signature(
        r + _ORDER, s
    ),
    "The r of its signature begins with noughts it does not need.": lambda r, s: element(
        SEQUENCE, element(0x02, b"\0\0" + r.to_bytes(32, "big")), encode(s)
    ),
    "The length of its signature is written with a byte too many.": lambda r, s: (
        b"\x30\x81" + encode_dss_signature(r, s)[1:]
    ),
}.items():
    _named("MRX-3011", said, _signed(change), ("p256",))

for said, spoil in {
    "Its RSA signature has a nought in front.": lambda signature: b"\0" + signature,
    "Its RSA signature is a byte too short.": lambda signature: signature[:-1],
    "Its RSA signature is one.": lambda signature: b"\0" * (len(signature) - 1) + b"\1",
    "Its RSA signature is larger than the modulus.": lambda signature: b"\xff" * len(signature),
}.items():
    _named(
        "MRX-3011",
        said,
        lambda bench, spoil=spoil: bench.draft(
            sign=lambda message: spoil(bench.key.sign(message))
        ).file(),
        ("rsa",),
    )


# -- algorithms ------------------------------------------------------------------------------------

for said, oid in {
    "Its signature says it is Ed25519.": "1.3.101.112",
    "Its signature says only that the key is one of a curve.": "1.2.840.10045.2.1",
    "Its signature says it is ECDSA with SHA-512.": "1.2.840.10045.4.3.4",
    "Its signature says it is RSA with SHA-1.": "1.2.840.113549.1.1.5",
    "Its signature says it is a digest.": "2.16.840.1.101.3.4.2.1",
}.items():
    _named(
        "MRX-3008",
        said,
        lambda bench, oid=oid: bench.draft(
            algorithm=encode_algorithm(profile.OID(oid), null=False)
        ).file(),
    )

for said, after in {
    "NULL stands twice beside the digest algorithm.": b"\x05\x00\x05\x00",
    "The NULL beside the digest algorithm holds something.": b"\x05\x01\x00",
}.items():
    _named(
        "MRX-3008",
        said,
        lambda bench, after=after: bench.draft(
            digest=element(SEQUENCE, encode(profile.SHA256), after)
        ).file(),
    )


# -- attributes ------------------------------------------------------------------------------------


def _with(code: str, name: str, attributes: tuple[bytes, ...]) -> None:
    _named(code, name, lambda bench: bench.draft(attributes=attributes).file())


for said, value in {
    "The signingTime has no seconds.": b"2611201200Z",
    "The signingTime says how far it is from Greenwich.": b"261120120000+0000",
    "The signingTime says nothing of a zone.": b"261120120000",
    "The signingTime is in the thirteenth month.": b"261301120000Z",
    "The signingTime is 30 February.": b"260230120000Z",
    "The signingTime is a leap second.": b"261231235960Z",
    "The signingTime is nothing.": b"",
}.items():
    _with(
        "MRX-3009", said, attributes_with(CONTENT, profile.SIGNING_TIME, element(UTC_TIME, value))
    )

for said, digest in {
    "The messageDigest is a string of bits.": element(0x03, b"\0" + _DIGEST),
    "The messageDigest is in pieces.": element(0x24, element(OCTETS, _DIGEST)),
}.items():
    _with("MRX-3009", said, attributes_with(CONTENT, profile.MESSAGE_DIGEST, digest))

_KNOWN = honest_attributes(CONTENT)
for said, unknown in {
    "An attribute has three parts.": element(
        SEQUENCE, encode(TEXT), element(SET, encode(1)), encode(2)
    ),
    "The values of an attribute are a SEQUENCE.": element(
        SEQUENCE, encode(TEXT), element(SEQUENCE, encode(1))
    ),
    "The values of an attribute we do not know are not in order.": attribute(
        TEXT, encode(2), encode(1)
    ),
    "The name of an attribute is written with a byte too many.": element(
        SEQUENCE, b"\x06\x03\x2a\x80\x01", element(SET, encode(1))
    ),
}.items():
    _with("MRX-3002", said, tuple(sorted([*_KNOWN, unknown])))
