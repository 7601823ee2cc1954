"""Files put together from pieces, so that each piece can be wrong while all the others are right."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from signing import profile
from signing.certificate import Certificate
from signing.der import (
    CONTEXT_0,
    OCTETS,
    SEQUENCE,
    SET,
    encode,
    encode_algorithm,
    encode_time,
    part,
)
from signing.keys import SigningKey

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
CONTENT = b"<Batch><Member>Acme &amp; S\xc3\xb6hne</Member>\r\n</Batch>\n"

HONEST = (b"honest",)
SHA256_DER = encode_algorithm(profile.SHA256, null=False)
DIGITAL_SIGNATURE = {
    "digital_signature": True,
    "content_commitment": False,
    "key_encipherment": False,
    "data_encipherment": False,
    "key_agreement": False,
    "key_cert_sign": False,
    "crl_sign": False,
    "encipher_only": False,
    "decipher_only": False,
}


def element(tag: int, *inside: bytes) -> bytes:
    return b"".join(part(tag, *inside))


def attribute(oid: profile.OID, *values: bytes) -> bytes:
    return element(SEQUENCE, encode(oid), element(SET, *values))


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A file before it is put together. Untouched, it is an honest one.

    `attributes` are in the order given; None leaves them out. `sign` makes the signature of the
    message it is given, `signed` says what that message is, if not the attributes. `encapsulated`
    stands where type and content would; `tags` are those of digests, certificates and signers;
    `times` says how often the signer stands there.
    """

    key: SigningKey
    content: bytes = CONTENT
    outer_type: profile.OID = profile.SIGNED_DATA
    version: int = 1
    digests: tuple[bytes, ...] = (SHA256_DER,)
    content_type: profile.OID = profile.DATA
    encapsulated: bytes | None = None
    certificates: tuple[bytes, ...] | None = None
    after_certificates: bytes = b""
    signer_version: int = 1
    sid: bytes | None = None
    digest: bytes = SHA256_DER
    attributes: tuple[bytes, ...] | None = HONEST
    algorithm: bytes | None = None
    sign: Callable[[bytes], bytes] | None = None
    signed: bytes | None = None
    unsigned: bytes = b""
    tags: tuple[int, int, int] = (SET, CONTEXT_0, SET)
    times: int = 1

    def signer(self) -> bytes:
        attributes = self.attributes
        if attributes == HONEST:
            attributes = honest_attributes(self.content)
        message = self.content if attributes is None else element(SET, *attributes)
        if self.signed is not None:
            message = self.signed
        named, null = self.key.scheme.writes
        return element(
            SEQUENCE,
            encode(self.signer_version),
            self.sid or element(SEQUENCE, self.key.certificate.signer_id),
            self.digest,
            b"" if attributes is None else element(CONTEXT_0, *attributes),
            self.algorithm or encode_algorithm(named, null=null),
            encode((self.sign or self.key.sign)(message)),
            self.unsigned,
        )

    def file(self) -> bytes:
        held = (self.key.certificate.der,) if self.certificates is None else self.certificates
        content = element(CONTEXT_0, element(OCTETS, self.content))
        digests, certificates, signers = self.tags
        body = element(
            SEQUENCE,
            encode(self.version),
            element(digests, *self.digests),
            self.encapsulated or element(SEQUENCE, encode(self.content_type), content),
            element(certificates, *held),
            self.after_certificates,
            element(signers, *[self.signer()] * self.times),
        )
        return element(SEQUENCE, encode(self.outer_type), element(CONTEXT_0, body))


def honest_attributes(content: bytes, *more: bytes, now: datetime = NOW) -> tuple[bytes, ...]:
    """The attributes that say this content, with more of them, in the order DER wants."""
    return tuple(
        sorted(
            [
                attribute(profile.CONTENT_TYPE, encode(profile.DATA)),
                attribute(profile.MESSAGE_DIGEST, encode(sha256(content).digest())),
                attribute(profile.SIGNING_TIME, encode_time(now)),
                *more,
            ]
        )
    )


def attributes_with(content: bytes, oid: profile.OID, *values: bytes) -> tuple[bytes, ...]:
    """The honest attributes, but this one has these values; without values it is left out."""
    others = [other for other in honest_attributes(content) if encode(oid) not in other]
    changed = [attribute(oid, *values)] if values else []
    return tuple(sorted([*others, *changed]))


def certificate(
    public: object,
    private: object,
    *extensions: x509.ExtensionType,
    subject: str = "partner",
    issuer: str | None = None,
    serial: int = 7,
    start: datetime = NOW - timedelta(days=1),
    end: datetime = NOW + timedelta(days=365),
    usage: dict[str, bool] | None = DIGITAL_SIGNATURE,
) -> x509.Certificate:
    """A certificate for `public`, issued with `private`; `usage` None leaves keyUsage out."""

    def name(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])

    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(issuer or subject))
        .public_key(public)
        .serial_number(serial)
        .not_valid_before(start)
        .not_valid_after(end)
    )
    if usage is not None:
        builder = builder.add_extension(x509.KeyUsage(**usage), critical=True)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(private, SHA256())


def under(key: SigningKey, *extensions: x509.ExtensionType, **facts: object) -> SigningKey:
    """The same private key under another certificate, which need not be one we would pin."""
    private = key._private
    return SigningKey(
        Certificate._of(certificate(private.public_key(), private, *extensions, **facts)), private
    )
