"""What stands in a key's file, and how the key comes out of it.

    -----BEGIN PRIVATE KEY-----              plain       PKCS #8
    -----BEGIN ENCRYPTED PRIVATE KEY-----    encrypted   the same under the passphrase
    pkcs11:token=mrx;id=%1f...               token       it is not here, but in there

A file that others may read is refused, whatever stands in it. A plain one is taken also where a
passphrase is set: who sets one first and protects the keys then is never without a key.
"""

from hashlib import sha256
from pathlib import Path
from typing import Literal

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from schemas.errors import NotReady
from signing import encrypted, placing, profile, secret_file, token_key
from signing.keeping import Keeping

Kind = Literal["rsa", "p256"]
Kept = Literal["plain", "encrypted", "token"]

_BYTES_MAX = 64 * 1024
_KNOWN_MAX = 8  # a process signs with one, and looks at few
_known: dict[bytes, profile.PrivateKey] = {}
_ENCRYPTED = b"-----BEGIN ENCRYPTED PRIVATE KEY-----"


def read(
    path: Path, keeping: Keeping, *, examine: bool = False, make: Kind | None = None
) -> profile.PrivateKey:
    """The private key that the file holds or stands for. Raises `NotReady` MRX-9004.

    `examine` proves the primes of RSA prime, in 0.2 s, or that a token keeps its key to itself.
    Once is enough: later a signature that the certificate verifies shows that the key is still
    whole. `make` has a key made in the token where the file stands for none yet.
    """
    data = secret_file.content(path, "it", _BYTES_MAX)
    if _kept(data) == "token":
        private = token_key.find(keeping.token, data, make=make)
        if examine and token_key.gives_out(private):
            raise _unusable("the token would give it out: make one that is not extractable")
    elif _kept(data) == "encrypted":
        private = _under(data, keeping, examine=examine)
    else:
        private = _opened(data, None, examine=examine)
    if profile.scheme_of(private) is None or not isinstance(private, profile.PrivateKey):
        raise _unusable("it is neither RSA of at least 3072 bits nor P-256")
    return private


def new(kind: Kind, keeping: Keeping) -> bytes:
    """What to write into the file of a new key; one in a token is made when it is first read."""
    if keeping.token is not None:
        return token_key.line(keeping.token)
    private: profile.PrivateKey = (
        rsa.generate_private_key(public_exponent=65537, key_size=profile.RSA_BITS_MIN)
        if kind == "rsa"
        else ec.generate_private_key(ec.SECP256R1())
    )
    return _written(private, keeping)


def kept(path: Path) -> Kept:
    """How the key of this file is kept. Raises as `read` does."""
    return _kept(secret_file.content(path, "it", _BYTES_MAX))


def protect(path: Path, keeping: Keeping) -> bool:
    """Have the file under the passphrase, the first one, and say whether that changed it.

    The key stays the same. A crash leaves the old file or the new one. Raises as `read` does, and
    leaves the file as it is; call it alone in the folder.
    """
    data, passphrases = secret_file.content(path, "it", _BYTES_MAX), keeping.passphrases()
    if _kept(data) == "token" or not passphrases:
        return False
    if _kept(data) == "encrypted" and _tried(data, passphrases[0], examine=False) is not None:
        return False
    private = read(path, keeping)
    written = _written(private, keeping)
    # Before the old one goes: what was written opens, and is the same key.
    again = _tried(written, passphrases[0], examine=False)
    if again is None or again.public_key() != private.public_key():
        raise _unusable("what was written does not open")
    placing.replace(path, written, mode=0o600)
    return True


def _kept(data: bytes) -> Kept:
    if data.startswith(token_key.SCHEME):
        return "token"
    # Not only at its beginning: openssl writes whose it is before it.
    return "encrypted" if _ENCRYPTED in data else "plain"


def _written(private: profile.PrivateKey, keeping: Keeping) -> bytes:
    passphrases = keeping.passphrases()
    if passphrases:
        return encrypted.pem(private, passphrases[0])
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _under(data: bytes, keeping: Keeping, *, examine: bool) -> profile.PrivateKey:
    passphrases = keeping.passphrases()
    if not passphrases:
        raise _unusable("it is encrypted, and no passphrase is set")
    for passphrase in passphrases:
        private = _tried(data, passphrase, examine=examine)
        if private is not None:
            return private
    raise _unusable("the passphrase does not open it")


def _tried(data: bytes, passphrase: bytes, *, examine: bool) -> profile.PrivateKey | None:
    try:
        return _opened(data, passphrase, examine=examine)
    except NotReady:
        return None


def _opened(data: bytes, passphrase: bytes | None, *, examine: bool) -> profile.PrivateKey:
    """The key of a PEM file. It is kept for the next call, by a digest of what opened it: the
    passphrase's rounds take a tenth of a second, and whether we are ready is asked often.
    """
    by = sha256(b"%d %d " % (examine, len(data)) + data + (passphrase or b"")).digest()
    private = _known.get(by)
    if private is not None:
        return private
    try:
        found = load_pem_private_key(
            data, password=passphrase, unsafe_skip_rsa_key_validation=not examine
        )
    except profile.UNREADABLE:
        # Without the cause: a parser's words about a private key belong in no log.
        raise _unusable("it is not a key in PEM") from None
    if len(_known) >= _KNOWN_MAX:
        _known.clear()
    return _known.setdefault(by, found)  # type: ignore[arg-type]  # `read` judges what it is


def _unusable(because: str) -> NotReady:
    return NotReady("MRX-9004", because=because)
