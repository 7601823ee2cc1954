"""A file that holds a secret and that nobody else may read: a passphrase, a token's PIN.

Refused where group or others may read it. An access list is looked into: systemd hands credentials
over as files of root that one named user may read, and shows that list's mask as the group's bits.

Only files: an environment is inherited by every child, shown by `docker inspect` and
`systemctl show`, and copied into the reports of crashes.
"""

import os
import stat
from pathlib import Path

from schemas.errors import NotReady

_BYTES_MAX = 4_096
_LINE_BYTES_MAX = 1_023  # what OpenSSL takes as a passphrase
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_ACL = "system.posix_acl_access"
_USER, _GROUP_OWNER, _GROUP, _OTHER = 0x02, 0x04, 0x08, 0x20  # tags of acl(5)


def lines(path: Path, what: str) -> tuple[bytes, ...]:
    """The lines of the file, without line ends; empty ones are left out.

    Raises `NotReady` MRX-9004 that says what is wrong with `what` ("the passphrase file"), and
    repeats nothing of it.
    """
    found = content(path, what, _BYTES_MAX + 1)
    # Unseen in an editor; openssl would take another passphrase, and a token count a wrong PIN.
    if b"\0" in found or found.startswith(_BYTE_ORDER_MARK):
        raise _unusable(f"{what} is not plain text")
    kept = tuple(line for line in found.replace(b"\r", b"\n").split(b"\n") if line)
    if not kept:
        raise _unusable(f"{what} is empty")
    if len(found) > _BYTES_MAX or max(map(len, kept)) > _LINE_BYTES_MAX:
        raise _unusable(f"{what} is too long")
    return kept


def content(path: Path, what: str, most: int) -> bytes:
    """The first bytes of a file that nobody else may read, `most` at most. Raises as `lines` does."""
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            # Asked of the open file: the name may mean another one by now.
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise _unusable(f"{what} cannot be read")
            if open_to_others(file.fileno()):
                raise _unusable(f"{what} is open to group or others")
            return file.read(most)
    except FileNotFoundError:
        raise _unusable(f"{what} is missing") from None
    except OSError as unreadable:
        raise _unusable(f"{what} cannot be read") from unreadable


def open_to_others(handle: int) -> bool:
    """Whether anybody but its owner, and whom its access list names, may use an open file."""
    mode = os.fstat(handle).st_mode
    if mode & stat.S_IRWXO:
        return True
    if not mode & stat.S_IRWXG:
        return False
    try:
        listed = os.getxattr(handle, _ACL)
    except (OSError, AttributeError):  # none, or a system that has no such lists
        return True
    return not _only_us(listed, os.geteuid())


def _without_waiting(name: str, flags: int) -> int:
    # A pipe may have nobody at its other end. (`Path.open` takes no opener.)
    return os.open(name, flags | os.O_NONBLOCK)


def _only_us(listed: bytes, user: int) -> bool:
    """Whether an access list lets in this user at most, beside the file's owner.

    Four bytes of version, then eight an entry: tag, permissions, whose.
    """
    entries = [listed[at : at + 8] for at in range(4, len(listed), 8)]
    if listed[:4] != b"\x02\0\0\0" or any(len(entry) != 8 for entry in entries):
        return False
    for entry in entries:
        tag = int.from_bytes(entry[:2], "little")
        allowed = int.from_bytes(entry[2:4], "little")
        whose = int.from_bytes(entry[4:], "little")
        if allowed and (tag in {_GROUP_OWNER, _GROUP, _OTHER} or (tag == _USER and whose != user)):
            return False
    return True


def _unusable(because: str) -> NotReady:
    return NotReady("MRX-9004", because=because)
