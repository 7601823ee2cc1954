"""Opening: a file becomes its content, or is refused.

The one rule of this room: believe only what `Opened` holds. The file that arrived is never passed
on to a parser, and nothing of it is used before the last check.

A file is opened only if all of this holds. Each refusal says which by its code.

     1. MRX-3001  the file is not larger than the limit
     2. MRX-3002  it is strict DER of our shape to the last byte: SignedData version 1, content
                  present, no CRLs, no unsigned attributes
     3. MRX-3003  what is not content is at most 16 KiB
     4. MRX-3002  it has one digest algorithm, one certificate, one signer
     5. MRX-3002  its content is of type data (that the signer says so too: 10)
     6. MRX-3004  its certificate is, byte for byte, one of those pinned
        MRX-3005  the signer id names that certificate
     7. MRX-3006  the certificate is valid at the moment of receipt
     8. MRX-3007  its keyUsage is there and says digitalSignature
        MRX-3008  its key is RSA of at least 3072 bits or P-256
     9. MRX-3008  the algorithms are those of the profile for that key
    10. MRX-3009  the attributes are signed: contentType (data) and messageDigest once each, with
                  one value, no type twice, a signingTime that is a time
    11. MRX-3010  messageDigest is the digest of the content
    12. MRX-3011  the signature over the attributes verifies

1 to 3 cost one copy of the file, whatever it holds. The rest looks into at most 16 KiB, and
hashes the content once.

What is *not* signed in a CMS file can be changed without breaking it: a P-256 signature has a
twin, and an RSA signature may be named by two algorithm identifiers. Such a twin opens, has the
same content and another digest. Before crying fork over two files, compare their contents.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from schemas.errors import NotTrusted
from signing import der, profile
from signing.certificate import Certificate

FILE_BYTES_MAX = profile.FILE_BYTES_MAX


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What was sealed, and by whom.

    `content` is exactly the signed bytes; `digest` is the SHA-256 (hex) of the whole file.
    `claimed_at` is the signer's word on the time: keep it, decide nothing by it.
    """

    content: bytes = field(repr=False)
    signer: Certificate
    digest: str
    claimed_at: datetime | None


def open_sealed(
    file: bytes,
    trusted: Sequence[Certificate],
    at: datetime,
    *,
    bytes_max: int = FILE_BYTES_MAX,
) -> Opened:
    """Open a file sealed by one of `trusted`, judged at the aware moment `at`; else `NotTrusted`.

    `trusted` are the certificates pinned for one partner and purpose that are not withdrawn;
    none is no trust, not any trust. Where several are pinned, the certificate in the file says
    which. `at` is the moment of receipt, never the time the file claims.
    """
    envelope = _envelope(file, bytes_max)  # 1 to 5
    signer = _pinned(envelope, trusted, at)  # 6 to 8
    _check_algorithms(envelope, signer)  # 8 and 9
    signed = _signed(envelope.signer)  # 10
    if signed.digest != sha256(envelope.content).digest():  # 11
        raise NotTrusted("MRX-3010")
    if not signer.verifies(envelope.signer.signature, signed.octets):  # 12
        raise NotTrusted("MRX-3011")
    return Opened(
        content=envelope.content,
        signer=signer,
        digest=sha256(file).hexdigest(),
        claimed_at=signed.claimed_at,
    )


def signer_of(file: bytes, *, bytes_max: int = FILE_BYTES_MAX) -> str:
    """The fingerprint of the certificate in a file, **unverified**.

    Anybody can put any certificate there: it only tells whose pinned certificates to open the
    file with. Raises `NotTrusted` if the file is not of our shape (checks 1 to 5); the work is
    bounded by the file's size.
    """
    return sha256(_envelope(file, bytes_max).certificate).hexdigest()


def content_of(file: bytes) -> bytes:
    """The content of a file that was opened before and has been in our keeping since. Nothing is
    verified again: its certificate may have ended meanwhile.
    """
    return _envelope(file, len(file)).content


@dataclass(frozen=True, slots=True, kw_only=True)
class _Envelope:
    """A file of our shape. Nothing in it is believed yet."""

    content: bytes
    digest: der.Element
    certificate: bytes
    signer: der.Signer


@dataclass(frozen=True, slots=True, kw_only=True)
class _Signed:
    """The signed attributes: the very bytes the signature covers, and what they say."""

    octets: bytes
    digest: bytes
    claimed_at: datetime | None


def _envelope(file: bytes, bytes_max: int) -> _Envelope:
    """Checks 1 to 5: a file of our shape, taken apart."""
    # 1
    if len(file) > bytes_max:
        raise NotTrusted("MRX-3001", bytes_max=bytes_max)
    # 2
    try:
        outer = der.decode(der.File, file)
    except ValueError as broken:
        raise NotTrusted("MRX-3002", **_guess(file)) from broken
    body = outer.body
    # 3, before any set is looked into
    if len(file) - len(body.content.octets) > profile.AROUND_BYTES_MAX:
        raise NotTrusted("MRX-3003", bytes_max=profile.AROUND_BYTES_MAX)
    # 2, the rest of it
    if outer.type != profile.SIGNED_DATA or body.version != 1:
        raise NotTrusted("MRX-3002", part="SignedData version 1")
    # 4
    digest = _only(body.digests, der.SET, "digest algorithm")
    _only(body.certificates, der.CONTEXT_0, "certificate")
    try:
        signer = der.decode_element(_only(body.signers, der.SET, "signer"), der.Signer)
    except ValueError as broken:
        raise NotTrusted("MRX-3002", part="signer") from broken
    if signer.version != 1:
        raise NotTrusted("MRX-3002", part="signer version 1")
    # 5
    if body.content.type != profile.DATA:
        raise NotTrusted("MRX-3002", part="content of type data")
    return _Envelope(
        content=body.content.octets,
        digest=digest,
        certificate=bytes(body.certificates.data),  # there is only one, so all of it
        signer=signer,
    )


def _pinned(envelope: _Envelope, trusted: Sequence[Certificate], at: datetime) -> Certificate:
    """Checks 6 to 8 (but for the key): the pinned certificate that the file carries."""
    # 6
    signer = next((known for known in trusted if known.der == envelope.certificate), None)
    if signer is None:
        raise NotTrusted("MRX-3004")
    sid = envelope.signer.sid
    if sid.tag_bytes != bytes([der.SEQUENCE]) or bytes(sid.data) != signer.signer_id:
        raise NotTrusted("MRX-3005")
    # 7
    if not signer.valid_at(at):
        raise NotTrusted("MRX-3006")
    # 8
    if not signer.may_sign:
        raise NotTrusted("MRX-3007")
    return signer


def _check_algorithms(envelope: _Envelope, signer: Certificate) -> None:
    """Check 9, and the key of check 8: nothing but the profile's algorithms."""
    if signer.scheme is None:
        raise NotTrusted("MRX-3008", part="key")
    try:
        digests = [
            der.decode_element(named, der.Algorithm)
            for named in (envelope.digest, envelope.signer.digest)
        ]
        signature = der.decode_element(envelope.signer.algorithm, der.Algorithm)
    except ValueError as broken:  # parameters: PSS has them, ours have not
        raise NotTrusted("MRX-3008", part="parameters") from broken
    if any(digest.oid != profile.SHA256 for digest in digests):
        raise NotTrusted("MRX-3008", part="digest")
    if (signature.oid, signature.null is not None) not in signer.scheme.reads:
        raise NotTrusted("MRX-3008", part="signature")


def _signed(signer: der.Signer) -> _Signed:
    """Check 10: what the signed attributes say. Those we do not know are ignored."""
    if signer.attributes is None:
        # A signature over the content itself. Were it taken, the attributes of any genuine file
        # would be a content that its signer never meant to sign.
        raise NotTrusted("MRX-3009", part="none")
    attributes = signer.attributes.as_list()
    held = {attribute.oid: attribute.values.as_list() for attribute in attributes}
    if len(held) != len(attributes):
        raise NotTrusted("MRX-3009", part="an attribute twice")
    try:
        (kind,), (digest,) = held[profile.CONTENT_TYPE], held[profile.MESSAGE_DIGEST]
        if der.decode_element(kind, profile.OID) != profile.DATA:
            raise NotTrusted("MRX-3009", part="contentType")
        claimed = None
        if profile.SIGNING_TIME in held:
            (time,) = held[profile.SIGNING_TIME]
            claimed = der.decode_time(time)
        return _Signed(
            # The file carries the set under another tag. It was decoded strictly, so encoding it
            # again gives its bytes (RFC 5652, 5.4).
            octets=b"".join(der.part(der.SET, *map(der.encode, attributes))),
            digest=der.decode_element(digest, bytes),
            claimed_at=claimed,
        )
    except (KeyError, ValueError) as broken:
        raise NotTrusted("MRX-3009", part="contentType, messageDigest, signingTime") from broken


def _only(several: der.Element, tag: int, what: str) -> der.Element:
    """The one element of a set under that tag."""
    if several.tag_bytes != bytes([tag]):
        raise NotTrusted("MRX-3002", part=f"one {what}")
    try:
        return der.decode(der.Element, bytes(several.data))
    except ValueError as broken:
        raise NotTrusted("MRX-3002", part=f"one {what}") from broken


def _guess(file: bytes) -> dict[str, str]:
    """What a file that is not DER most likely is: the forms partners send first."""
    found = (name for start, name in _FOREIGN if file.startswith(start))
    return {"part": next(found, "the whole")}


_FOREIGN = ((b"0\x80", "BER, of indefinite length"), (b"-----BEGIN", "PEM"))
