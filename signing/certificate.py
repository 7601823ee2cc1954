"""A certificate: who signs, and until when.

Certificates are pinned, one by one, after people have compared fingerprints. So nothing here
builds a chain or asks an authority, and a certificate's own signature says nothing and is not
looked at: the pinned bytes are the trust.
"""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any, Self

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from schemas.errors import NotTrusted
from signing import der, profile

_PEM_BYTES_MAX = 64 * 1024
"""Room for the text that other programs write around a certificate."""


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """One certificate.

    `fingerprint` is the SHA-256 (hex, lower case) of its DER; `not_before` and `not_after` are
    aware and both belong to its life; `subject` is an RFC 4514 string.
    """

    pem: str = field(repr=False)
    fingerprint: str
    not_before: datetime
    not_after: datetime
    subject: str
    serial: int

    @classmethod
    def parse(cls, pem_or_der: bytes) -> "Certificate":
        """The one certificate that stands there, in DER or in PEM (text around it is skipped).

        Raises `NotTrusted` (MRX-3012) if there is none or more than one, or if our profile could
        never trust it: its key is neither RSA of at least 3072 bits nor P-256, its keyUsage does
        not say digitalSignature, its serial number is not positive, or it is too large to stand
        around a content. Says nothing about its dates: ask `valid_at`.
        """
        if len(pem_or_der) > _PEM_BYTES_MAX:
            raise _unusable(f"more than {_PEM_BYTES_MAX} bytes")
        return _parsed(pem_or_der)

    @classmethod
    def _of(cls, found: x509.Certificate) -> Self:
        """The library's certificate in our words, unjudged."""
        try:
            return cls(
                pem=found.public_bytes(Encoding.PEM).decode("ascii"),
                fingerprint=found.fingerprint(SHA256()).hex(),
                not_before=found.not_valid_before_utc,
                not_after=found.not_valid_after_utc,
                subject=found.subject.rfc4514_string(),
                serial=found.serial_number,
            )
        except profile.UNREADABLE as broken:
            raise _unusable("a part of it cannot be read") from broken

    def valid_at(self, at: datetime) -> bool:
        """Whether the aware moment `at` lies in its life, both ends included."""
        return self.not_before <= at <= self.not_after

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether its key made this signature of these bytes; never, if the profile bars the key.

        Alone it says little: `signing.open` has what must hold beside it.
        """
        if self.scheme is None:
            return False
        try:
            self.key.verify(signature, message, *self.scheme.how)
        except InvalidSignature:
            return False
        return True

    @cached_property
    def may_sign(self) -> bool:
        """Whether its keyUsage is there and says digitalSignature."""
        return profile.may_sign(self._x509)

    @cached_property
    def scheme(self) -> profile.Scheme | None:
        """How its key signs; None if the profile does not allow the key."""
        return profile.scheme_of(self.key)

    @cached_property
    def der(self) -> bytes:
        """The certificate without armour: the bytes that are compared."""
        return self._x509.public_bytes(Encoding.DER)

    @cached_property
    def signer_id(self) -> bytes:
        """Issuer and serial number, as they stand in a sealed file to name its signer."""
        return self._x509.issuer.public_bytes() + der.encode(self.serial)

    @cached_property
    def key(self) -> Any:
        """The public key, of whatever kind; `scheme` says whether it is one of ours."""
        return self._x509.public_key()

    @cached_property
    def _x509(self) -> x509.Certificate:
        return _loaded(self.pem.encode("ascii"))

    def _never_trusted(self) -> str | None:
        """Why no file sealed with this certificate could ever be opened, or None."""
        try:
            if self.scheme is None:
                return "the key is neither RSA of at least 3072 bits nor P-256"
            if not self.may_sign:
                return "keyUsage does not say digitalSignature"
            if self.serial <= 0:  # RFC 5280, 4.1.2.2; the library will not load it much longer
                return "the serial number is not positive"
            if len(self.der) > profile.CERTIFICATE_BYTES_MAX:
                return f"more than {profile.CERTIFICATE_BYTES_MAX} bytes of DER"
        except profile.UNREADABLE:
            return "a part of it cannot be read"
        return None


# A partner's few certificates are read again for every file it sends, and loading one with its key
# costs a good part of what opening the file does. Frozen, so all may share one.
@lru_cache(maxsize=256)
def _parsed(pem_or_der: bytes) -> Certificate:
    found = Certificate._of(_loaded(pem_or_der))  # noqa: SLF001 - its own module
    if (because := found._never_trusted()) is not None:  # noqa: SLF001 - its own module
        raise _unusable(because)
    return found


def _loaded(pem_or_der: bytes) -> x509.Certificate:
    try:
        if pem_or_der.startswith((b"0\x81", b"0\x82")):  # a SEQUENCE; no text begins like this
            return x509.load_der_x509_certificate(pem_or_der)
        found = x509.load_pem_x509_certificates(pem_or_der)
    except profile.UNREADABLE as broken:
        raise _unusable("neither PEM nor DER of a certificate") from broken
    if len(found) != 1:
        raise _unusable("more than one certificate")
    return found[0]


def _unusable(because: str) -> NotTrusted:
    return NotTrusted("MRX-3012", because=because)
