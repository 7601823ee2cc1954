"""Sealing: a content becomes one file that proves who said it.

The file is put together from pieces rather than by the library's builder, whose `signingTime` is
the machine's clock and which copies the content three times.
"""

from datetime import UTC, datetime
from hashlib import sha256

from schemas.errors import NotReady
from signing import profile
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


def _attribute(what: profile.OID, value: bytes) -> bytes:
    return b"".join(part(SEQUENCE, encode(what), part(SET, value)))


# What is the same in every file, encoded once.
_VERSION_1 = encode(1)
_DATA, _SIGNED_DATA = encode(profile.DATA), encode(profile.SIGNED_DATA)
_DIGEST = encode_algorithm(profile.SHA256, null=False)
_DIGESTS = b"".join(part(SET, _DIGEST))
_SIGNS = {
    scheme.writes: encode_algorithm(scheme.writes[0], null=scheme.writes[1])
    for scheme in (profile.RSA, profile.P256)
}
_CONTENT_TYPE = _attribute(profile.CONTENT_TYPE, _DATA)


def seal(content: bytes, key: SigningKey, now: datetime) -> bytes:
    """The sealed file: CMS SignedData in DER, with the content and the signer's certificate in it.

    `openssl cms -verify -binary -inform DER` opens it anywhere, and the content comes back byte
    for byte. `now` (aware, taken to the whole second) becomes its signingTime. An RSA key makes
    the same file of the same content and moment; a P-256 key makes another one each time.

    Raises `NotReady` (MRX-3006) if the key's certificate is not valid at `now`: nobody would
    believe the file.
    """
    moment = now.astimezone(UTC).replace(microsecond=0)
    certificate = key.certificate
    if not certificate.valid_at(now):
        raise NotReady("MRX-3006")
    attributes = sorted(  # DER wants a set in the order of its members' bytes
        [
            _CONTENT_TYPE,
            _attribute(profile.SIGNING_TIME, encode_time(moment)),
            _attribute(profile.MESSAGE_DIGEST, encode(sha256(content).digest())),
        ]
    )
    # Signed is the set itself; in the file it stands under another tag (RFC 5652, 5.4).
    signature = key.sign(b"".join(part(SET, *attributes)))
    signer = part(
        SEQUENCE,
        _VERSION_1,
        part(SEQUENCE, certificate.signer_id),
        _DIGEST,
        part(CONTEXT_0, *attributes),
        _SIGNS[key.scheme.writes],
        encode(signature),
    )
    body = part(
        SEQUENCE,
        _VERSION_1,
        _DIGESTS,
        part(SEQUENCE, _DATA, part(CONTEXT_0, part(OCTETS, content))),
        part(CONTEXT_0, certificate.der),
        part(SET, signer),
    )
    return b"".join(part(SEQUENCE, _SIGNED_DATA, part(CONTEXT_0, body)))
