"""A small disk of one's own: a file system in memory that only one child process sees.

Whoever may not mount one skips what needs it; what needs none always runs.
"""

import ctypes
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.journeys.crash.ground import in_process

SIZE = 24 << 20

_NEW_MOUNTS = 0x00020000
_READ_ONLY, _REMOUNT, _RECURSIVE, _PRIVATE = 1, 32, 1 << 14, 1 << 18
_libc = ctypes.CDLL(None, use_errno=True)


def small_disk(work: Callable[[Path], None], folder: Path) -> None:
    """Do it in a process of its own, with an empty small disk at `folder / "disk"`."""
    at = folder / "disk"
    at.mkdir()

    def inside() -> None:
        _mount(at)
        work(at)

    if not _allowed(folder):
        pytest.skip("allowed: nobody here may mount a file system of their own")
    in_process(inside, folder)


def read_only(disk: Path, *, is_so: bool = True) -> None:
    """From now on nothing can be written there, or everything again. No file may be open."""
    flags = _REMOUNT | (_READ_ONLY if is_so else 0)
    _checked(_libc.mount(b"tmpfs", os.fsencode(disk), b"tmpfs", flags, None))


def fill(disk: Path) -> Path:
    """Take every byte that is left; whoever removes the file gives them back."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            return ballast


def _mount(at: Path) -> None:
    _checked(_libc.unshare(_NEW_MOUNTS))
    _checked(_libc.mount(b"none", b"/", None, _RECURSIVE | _PRIVATE, None))
    _checked(_libc.mount(b"tmpfs", os.fsencode(at), b"tmpfs", 0, f"size={SIZE}".encode()))


def _checked(status: int) -> None:
    if status:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _allowed(folder: Path) -> bool:
    try:
        in_process(lambda: _mount(folder / "disk"), folder)
    except AssertionError:
        return False
    return True
