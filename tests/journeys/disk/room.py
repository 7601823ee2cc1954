"""A small disk of one's own: a file system in memory that only one child process sees.

Whoever may not mount one, not even in a user namespace of their own, skips what needs it; what needs
none always runs. In CI, root with the capability to mount may not skip: there a refusal is a failure.
"""

import ctypes
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from tests.journeys.crash.ground import in_process
from tests.journeys.crash.walk import Here

SIZE = 24 << 20

_NEW_MOUNTS, _NEW_USERS = 0x00020000, 0x10000000
_READ_ONLY, _REMOUNT, _RECURSIVE, _PRIVATE = 1, 32, 1 << 14, 1 << 18
_CAP_SYS_ADMIN = 1 << 21
_libc = ctypes.CDLL(None, use_errno=True)


def small_disk(work: Callable[[Path], None], folder: Path) -> None:
    """Do it in a process of its own, with an empty small disk at `folder / "disk"`."""
    at = folder / "disk"
    at.mkdir()

    def inside() -> None:
        mount(at)
        work(at)

    if (why := refusal(folder)) is not None:
        if os.environ.get("CI") == "true" and has_the_right():
            pytest.fail(f"root with the right to mount a file system could not: {why}")
        pytest.skip("allowed: nobody here may mount a file system of their own")
    in_process(inside, folder)


def refusal(folder: Path) -> str | None:
    """What was said when a child process tried to mount a disk there; None if it could."""
    try:
        in_process(lambda: mount(folder / "disk"), folder)
    except AssertionError as error:
        return str(error).strip().splitlines()[-1]
    return None


def has_the_right() -> bool:
    """Whether we are root, and the system has not taken the right to mount from root."""
    held = re.search(
        r"^CapEff:\s*(\w+)", Path("/proc/self/status").read_text("utf-8"), re.MULTILINE
    )
    assert held is not None, "every Linux says so"
    return os.geteuid() == 0 and bool(int(held[1], 16) & _CAP_SYS_ADMIN)


def mount(at: Path) -> None:
    """A small disk there, for this process and those it starts."""
    _in_a_namespace()
    _checked(_libc.mount(b"none", b"/", None, _RECURSIVE | _PRIVATE, None))
    _checked(_libc.mount(b"tmpfs", os.fsencode(at), b"tmpfs", 0, f"size={SIZE}".encode()))


def _in_a_namespace() -> None:
    """Whoever is not root may be allowed to be it in a user namespace of their own."""
    if has_the_right():
        _checked(_libc.unshare(_NEW_MOUNTS))
        return
    user, group = os.geteuid(), os.getegid()
    _checked(_libc.unshare(_NEW_USERS | _NEW_MOUNTS))
    own = Path("/proc/self")
    (own / "setgroups").write_text("deny")
    (own / "uid_map").write_text(f"{user} {user} 1")
    (own / "gid_map").write_text(f"{group} {group} 1")


def read_only(disk: Path, *, is_so: bool = True) -> None:
    """From now on nothing can be written there, or everything again. No file may be open."""
    flags = _REMOUNT | (_READ_ONLY if is_so else 0)
    _checked(_libc.mount(b"tmpfs", os.fsencode(disk), b"tmpfs", flags, None))


def fill(disk: Path, *, but: int = 0) -> Path:
    """Take every byte that is left, `but` so many; whoever removes the file gives them back."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            file.truncate(max(0, file.tell() - but))
            return ballast


def filled(disk: Path, _here: Here) -> Callable[[], None]:
    """The disk is full, until what is returned is called."""
    return fill(disk).unlink


def hardened(disk: Path, here: Here) -> Callable[[], None]:
    """The disk takes no writes, until what is returned is called. Our connections are opened anew,
    as after the database's own errors: with a file open for writing no system would do it.
    """
    here.house.database.close()
    read_only(disk)

    def softened() -> None:
        here.house.database.close()
        read_only(disk, is_so=False)

    return softened


WAYS: Final[dict[str, Callable[[Path, Here], Callable[[], None]]]] = {
    "full": filled,
    "read-only": hardened,
}
"""How a disk stops taking what is written; each returns what makes it take again."""


def _checked(status: int) -> None:
    if status:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
