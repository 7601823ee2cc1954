"""Sealed files: nothing opens but what was sealed."""

from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from schemas.errors import NotTrusted
from signing.certificate import Certificate
from signing.keys import SigningKey
from signing.open import open_sealed, signer_of
from tests.signing import forge
from tests.signing.forge import CONTENT, NOW, Draft, certificate

VECTORS = Path(__file__).parents[1] / "signing" / "vectors"


@cache
def pinned() -> tuple[Certificate, ...]:
    """The certificates of the vectors, whose keys were thrown away."""
    return tuple(
        Certificate.parse((VECTORS / f"{kind}.crt").read_bytes()) for kind in ("rsa", "p256")
    )


@cache
def _sealed() -> bytes:
    return (VECTORS / "content").read_bytes()


@cache
def _key() -> SigningKey:
    """A key of this run alone: a file that is drafted is signed with it, properly."""
    private = ec.generate_private_key(ec.SECP256R1())
    return SigningKey(Certificate._of(certificate(private.public_key(), private)), private)


def opened(data: bytes) -> None:
    """Bytes as they come. Nobody has the keys of the vectors, so only their content can come out."""
    try:
        signer = signer_of(data)
    except NotTrusted:
        signer = None
    try:
        found = open_sealed(data, pinned(), NOW)
    except NotTrusted:
        return
    assert found.content == _sealed()
    assert found.signer.fingerprint == signer


# What of a draft may be anything, and how the bytes get there.
_PARTS = (
    "certificates",
    "after_certificates",
    "sid",
    "digest",
    "digests",
    "encapsulated",
    "attributes",
    "algorithm",
    "unsigned",
    "signed",
    "content",
)
_SEVERAL = frozenset({"certificates", "digests", "attributes"})


def drafted(data: bytes) -> None:
    """An honest file but for one or two of its parts, which are these bytes; then signed."""
    draft, rest = {}, data
    while len(rest) > 1 and len(draft) < 2:
        part, size = _PARTS[rest[0] % len(_PARTS)], rest[1]
        piece, rest = rest[2 : 2 + size], rest[2 + size :]
        draft[part] = _pieces(piece) if part in _SEVERAL else piece
    if draft.get("sid") == b"":
        del draft["sid"]  # the forge would put the honest one there
    file = Draft(key=_key(), **draft).file()
    try:
        signer_of(file)
        found = open_sealed(file, [_key().certificate], NOW)
    except NotTrusted:
        return
    assert found.content == draft.get("content", CONTENT)


def _pieces(data: bytes) -> tuple[bytes, ...]:
    """One piece, or the honest attributes with one more."""
    if data[:1] == b"\x00":
        return forge.honest_attributes(CONTENT, data[1:])
    return (data,)
