"""A folder for work that must not be half done: private, held by one process, swept by the next.

FOLDER/.mrx-<what>-<random>/     mode 0700, locked while its process lives
"""

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from schemas.errors import BadRequest


@contextmanager
def workroom(folder: Path, what: str) -> Iterator[Path]:
    """A folder of our own inside `folder`, gone at the end. What killed processes left there goes
    first. Raises `BadRequest` MRX-5012 where none can be made.
    """
    try:
        sweep(folder, what)
        room, held = _taken(folder, what)
    except OSError as error:
        raise BadRequest("MRX-5012", because=error.strerror) from error
    try:
        yield room
    finally:
        shutil.rmtree(room, ignore_errors=True)
        os.close(held)


def _taken(folder: Path, what: str) -> tuple[Path, int]:
    """A new room, and the lock that says that somebody lives in it."""
    while True:
        room = folder / f".mrx-{what}-{secrets.token_hex(6)}"
        room.mkdir(mode=0o700)
        # Until it is locked, another process that sweeps here takes it for a dead one's.
        with suppress(FileNotFoundError):
            held = os.open(room, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(held, fcntl.LOCK_EX)
            if room.exists():
                return room, held
            os.close(held)


def left(folder: Path, what: str) -> list[Path]:
    """The rooms that are there, of the living and of the dead."""
    return sorted(folder.glob(f".mrx-{what}-*"))


def sweep(folder: Path, what: str) -> None:
    """Remove the rooms of processes that died."""
    for room in left(folder, what):
        try:
            held = os.open(room, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:
            continue
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue  # somebody is at it
        else:
            shutil.rmtree(room, ignore_errors=True)
        finally:
            os.close(held)


def flushed(path: Path) -> None:
    """Have a file, or the names in a folder, on disk."""
    held = os.open(path, os.O_RDONLY)
    try:
        os.fsync(held)
    finally:
        os.close(held)
