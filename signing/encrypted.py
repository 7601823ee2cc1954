"""A private key in PEM under a passphrase: PKCS #8 with PBES2 (RFC 8018).

PBKDF2 with HMAC-SHA-256, 600,000 rounds and a random salt, then AES-256-CBC: all approved by FIPS
140, and read by `openssl pkey`. Put together here, because `BestAvailableEncryption` of the library
takes 2,048 rounds (measured with version 50), which a desktop tries some million times a second.
Its own reader opens the result.
"""

import secrets
from base64 import encodebytes

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from signing import profile
from signing.der import SEQUENCE, encode, encode_algorithm, part

ROUNDS = 600_000
"""OWASP's figure for PBKDF2 with SHA-256 (2023); a tenth of a second, once a process."""

_BLOCK = 16
_PBES2 = profile.OID("1.2.840.113549.1.5.13")
_PBKDF2 = profile.OID("1.2.840.113549.1.5.12")
_HMAC_SHA256 = profile.OID("1.2.840.113549.2.9")
_AES256_CBC = profile.OID("2.16.840.1.101.3.4.1.42")
_ARMOUR = b"-----%s ENCRYPTED PRIVATE KEY-----\n"


def pem(private: profile.PrivateKey, passphrase: bytes) -> bytes:
    """The key in PEM, under the passphrase."""
    salt, iv = secrets.token_bytes(16), secrets.token_bytes(_BLOCK)
    key = PBKDF2HMAC(SHA256(), length=32, salt=salt, iterations=ROUNDS).derive(passphrase)
    plain = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    fill = _BLOCK - len(plain) % _BLOCK
    cipher = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    hidden = cipher.update(plain + bytes([fill]) * fill) + cipher.finalize()
    # Rounds may not be left out; the length of the key is, since AES-256 says it.
    kdf = part(SEQUENCE, encode(salt), encode(ROUNDS), encode_algorithm(_HMAC_SHA256, null=True))
    scheme = part(
        SEQUENCE,
        part(SEQUENCE, encode(_PBKDF2), kdf),
        part(SEQUENCE, encode(_AES256_CBC), encode(iv)),
    )
    whole = part(SEQUENCE, part(SEQUENCE, encode(_PBES2), scheme), encode(hidden))
    body = encodebytes(b"".join(whole)).replace(b"\n", b"")
    lines = [body[at : at + 64] + b"\n" for at in range(0, len(body), 64)]
    return b"".join([_ARMOUR % b"BEGIN", *lines, _ARMOUR % b"END"])
