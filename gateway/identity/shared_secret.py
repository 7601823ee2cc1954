"""What all servers of one gateway know, and nobody else: 32 random bytes beside its keys.

    keys/sign-in.key     made by whoever needs it first; whole or not at all, and never replaced
      |--> attempt         binds a sign-in at the identity provider to the browser that began it
      |--> device          marks a browser in which somebody has signed in before
      '--> approval word   what an approver reads at the console and gives at the shell

Each purpose has a key of its own, derived from it. It is read when it is needed and not kept, so
that no server goes on with another one than its neighbours. Where it is lost, sign-ins on their way
begin again and browsers are strangers again; nothing else is.
"""

import hmac
import os
import secrets
import stat
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from schemas.errors import NotReady

FILE: Final = Path("keys") / "sign-in.key"  # in the home folder
_BYTES: Final = 32
_MAKING_SECONDS: Final = 60  # more than anybody takes to make one
_SALT: Final = b"mrx sign-in"


def derived(home: Path, purpose: str) -> bytes:
    """The key for one purpose, the same in every process of this home folder. Raises `NotReady`
    MRX-9004 if the file is damaged, open to others, or cannot be made.
    """
    return hkdf(_kept(home / FILE), salt=_SALT, info=purpose.encode())


def make(home: Path) -> None:
    """Have the file there. Again changes nothing. Raises as `derived` does."""
    _kept(home / FILE)


def tidy(home: Path, *, now: datetime) -> None:
    """Remove what makers that died have left under other names."""
    for left in (home / FILE).parent.glob(f".{FILE.name}.*"):
        with suppress(OSError):  # somebody was faster
            if now.timestamp() - left.stat().st_mtime > _MAKING_SECONDS:
                left.unlink()


def hkdf(key: bytes, *, salt: bytes, info: bytes) -> bytes:
    """HKDF with SHA-256 (RFC 5869), for one block of 32 bytes, which is all we need."""
    return hmac.digest(hmac.digest(salt, key, "sha256"), info + b"\x01", "sha256")


def _kept(file: Path) -> bytes:
    try:
        try:
            return _read(file)
        except FileNotFoundError:
            _place(file)
            return _read(file)
    except OSError as error:
        raise _unusable(f"{error.strerror}") from error


def _read(file: Path) -> bytes:
    with file.open("rb") as opened:
        # Asked of the open file: the name may mean another one by now.
        if os.fstat(opened.fileno()).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise _unusable("its mode is open to group or others")
        found = opened.read(_BYTES + 1)
    if len(found) != _BYTES:
        raise _unusable("it is damaged; without it the next server makes a new one")
    return found


def _place(file: Path) -> None:
    """Make one, unless somebody was faster: written under another name and linked to its own, so
    that nobody reads half of it. Killed in between, we leave at most that other name, which upkeep
    removes.
    """
    draft = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as opened:
            opened.write(secrets.token_bytes(_BYTES))
            opened.flush()
            os.fsync(handle)
        with suppress(FileExistsError):  # then all take theirs
            os.link(draft, file)
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _unusable(because: str) -> NotReady:
    return NotReady("MRX-9004", file=str(FILE), because=because)
