"""How a file is sealed here, in full. What is not named in this file is refused.

One profile stands: CMS SignedData in DER with its content and its signer's certificate inside,
one signer, SHA-256, RSA of at least 3072 bits (PKCS #1 v1.5) or ECDSA on P-256. The widest that
openssl 3.0, libcrypto 3.5 and Bouncy Castle all make and read. Not Ed25519, which openssl 3.0 can
neither make nor verify in CMS; not SHA-1, not PSS, whatever verifies.

A partner whose agreement demands another form gets a profile of its own beside this one.
"""

from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

# Limits, each with what it stops -------------------------------------------------------------

FILE_BYTES_MAX = 32 << 20
"""A file is opened in memory, once. 32 MiB is over 100,000 members; a batch is some 5,000."""

AROUND_BYTES_MAX = 16_384
"""Bytes of a file that are not its content. An honest file has 800 to 1,800. Without this bound
24 MB of attributes cost 9 s and 0.9 GB to decode before anybody asks who signed them."""

CERTIFICATE_BYTES_MAX = 7 * 1024
"""A file holds the certificate once and its issuer's name again, which cannot be longer: more
than 7 KiB might never fit around a content."""

RSA_BITS_MIN = 3072
"""128 bits of strength, as P-256 has: NIST SP 800-57 part 1, table 2. Enough beyond 2030."""

# The vocabulary: RFC 5652, RFC 5754 (SHA-2 in CMS), RFC 5480 ----------------------------------

OID = x509.ObjectIdentifier

DATA = OID("1.2.840.113549.1.7.1")
SIGNED_DATA = OID("1.2.840.113549.1.7.2")

CONTENT_TYPE = OID("1.2.840.113549.1.9.3")
MESSAGE_DIGEST = OID("1.2.840.113549.1.9.4")
SIGNING_TIME = OID("1.2.840.113549.1.9.5")

SHA256 = OID("2.16.840.1.101.3.4.2.1")
RSA_ENCRYPTION = OID("1.2.840.113549.1.1.1")
RSA_SHA256 = OID("1.2.840.113549.1.1.11")
ECDSA_SHA256 = OID("1.2.840.10045.4.3.2")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """One way to sign.

    A name is an algorithm identifier, and whether NULL parameters stand beside it. `writes` is
    the name we give; `reads` are those we take: openssl names an RSA signature by its key alone.
    `how` is what the library's `sign` and `verify` take after the message.
    """

    writes: tuple[OID, bool]
    reads: frozenset[tuple[OID, bool]]
    how: tuple[Any, ...]


RSA = Scheme(
    writes=(RSA_SHA256, True),
    reads=frozenset({(RSA_SHA256, True), (RSA_ENCRYPTION, True)}),
    how=(padding.PKCS1v15(), hashes.SHA256()),
)
P256 = Scheme(
    writes=(ECDSA_SHA256, False),
    reads=frozenset({(ECDSA_SHA256, False)}),
    how=(ec.ECDSA(hashes.SHA256()),),
)

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""What the library raises, on loading a certificate or later at the first look at a part of it,
when it was made by somebody who did not read the standard."""


def scheme_of(key: object) -> Scheme | None:
    """How a public or private key signs; None if the profile does not allow the key."""
    match key:
        case rsa.RSAPublicKey() | rsa.RSAPrivateKey() if key.key_size >= RSA_BITS_MIN:
            return RSA
        case ec.EllipticCurvePublicKey() | ec.EllipticCurvePrivateKey() if isinstance(
            key.curve, ec.SECP256R1
        ):
            return P256
        case _:
            return None


def may_sign(certificate: x509.Certificate) -> bool:
    """Whether keyUsage is there and says digitalSignature.

    Silence is a no: a certificate without keyUsage may be meant for anything.
    """
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
    except (x509.ExtensionNotFound, *UNREADABLE):
        return False
    return usage.value.digital_signature
