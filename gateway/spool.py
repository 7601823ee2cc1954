"""The spool: bodies of pushes as files, while they are needed.

    $MRX_HOME/spool/<push id>      plain bytes, 0600 in a folder of 0700

Whoever receives or reads a file holds a lock on it (flock) that ends with the process. A file that
nobody has locked and no push waits for was left by a process that died; `pushes.tidy` removes it.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from outbox.house import House
from schemas.errors import NotReady

FOLDER = "spool"


class Spooled:
    """One file of the spool, locked by us until it is let go or removed. Use it in one thread at
    a time.
    """

    def __init__(self, path: Path, handle: BinaryIO) -> None:
        self.id = path.name
        self._path = path
        self._handle = handle

    def write(self, data: bytes) -> None:
        """Add bytes. Raises `NotReady` MRX-9007 when the disk refuses them."""
        try:
            self._handle.write(data)
        except OSError as error:
            raise NotReady("MRX-9007") from error

    def open(self) -> BinaryIO:
        """The file from its start. There is one place in it: opening again moves the first."""
        try:
            self._handle.seek(0)
        except OSError as error:  # what was written last did not fit on the disk
            raise NotReady("MRX-9007") from error
        return self._handle

    def let_go(self) -> None:
        """End the lock and leave the file."""
        try:
            self._handle.close()
        except OSError as error:
            raise NotReady("MRX-9007") from error

    def remove(self) -> None:
        """Remove the file, then end the lock. Nothing if it was let go."""
        if self._handle.closed:
            return
        self._path.unlink(missing_ok=True)
        with suppress(OSError):  # bytes that did not fit on the disk, of a file nobody wants
            self._handle.close()


def folder(house: House) -> Path:
    return house.folder / FOLDER


def create(house: House, push_id: str) -> Spooled:
    """A new, empty file. Raises `NotReady` MRX-9007 where the folder takes none."""
    path = folder(house) / push_id
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        while True:
            number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            handle = os.fdopen(number, "w+b", buffering=1 << 20)
            fcntl.flock(handle, fcntl.LOCK_EX)
            # Between the two calls somebody may have found it unlocked, and tidied it away.
            if os.fstat(number).st_nlink:
                return Spooled(path, handle)
            handle.close()
    except OSError as error:
        raise NotReady("MRX-9007") from error


def take(house: House, push_id: str) -> Spooled | None:
    """A file that is there, locked; None if it is not, or somebody else holds it."""
    path = folder(house) / push_id
    try:
        handle = path.open("r+b")
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.close()
        return None
    if not os.fstat(handle.fileno()).st_nlink:
        handle.close()
        return None
    return Spooled(path, handle)


def every(house: House) -> Iterator[str]:
    """The names of all files."""
    try:
        yield from (path.name for path in folder(house).iterdir())
    except FileNotFoundError:
        return
