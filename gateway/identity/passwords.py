"""Passwords: how they are kept, and checked.

    scrypt$<n>$<r>$<p>$<salt>$<digest>     RFC 7914; 16 MiB and some 50 ms a try

The parameters stand with each, so that they can grow without anybody's password being lost.
"""

import hashlib
import hmac
import secrets
import unicodedata
from base64 import b64decode, b64encode
from typing import Final

CHARS_MIN: Final = 12
CHARS_MAX: Final = 200
_N, _R, _P = 1 << 14, 8, 1
_MEMORY = 64 << 20


def one_time() -> str:
    """A password to hand over once: 100 random bits in letters that nobody confuses."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(5)) for _ in range(4))


def kept(password: str) -> str:
    """What the database keeps of a password."""
    salt = secrets.token_bytes(16)
    digest = _derive(password, salt, _N, _R, _P)
    return f"scrypt${_N}${_R}${_P}${b64encode(salt).decode()}${b64encode(digest).decode()}"


def holds(password: str, kept_as: str | None) -> bool:
    """Whether this is the password. It takes as long where nothing is kept: who exists shows in
    nothing.
    """
    n, r, p, salt, digest = (kept_as or _NOBODYS).split("$")[1:]
    made = _derive(password, b64decode(salt), int(n), int(r), int(p))
    return hmac.compare_digest(made, b64decode(digest)) and kept_as is not None


def _derive(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    # The same letters, however a keyboard composes them (NIST SP 800-63B, 3.1.1.2).
    text = unicodedata.normalize("NFKC", password)
    return hashlib.scrypt(
        text.encode(errors="surrogatepass"), salt=salt, n=n, r=r, p=p, maxmem=_MEMORY, dklen=32
    )


# Derived as long as any other. Written, not made: a command that checks no password would wait for it.
_NOBODYS = f"scrypt${_N}${_R}${_P}${b64encode(bytes(16)).decode()}${b64encode(bytes(32)).decode()}"
