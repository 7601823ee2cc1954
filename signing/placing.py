"""Files that appear whole or not at all, in a folder that one process at a time works in.

    .home.key.draft --link--> home.key        `place`: a new file; one that is there is never replaced
    .home.key.draft --rename-> home.key       `replace`: the same thing, said in other bytes

The bytes are on disk before their name is, and the name before we go on. Killed in between, a draft
is left, which the next call overwrites or takes away, and whoever opens the folder (`sweep`).
"""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from schemas.errors import NotReady

_NO_WRITES = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG, errno.EACCES, errno.EPERM}
)


@contextmanager
def alone_in(directory: Path) -> Iterator[None]:
    """Keep other creators out of a directory, also when one of them is killed. Raises `NotReady`
    MRX-9007 where the disk takes no writes.
    """
    held = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    except OSError as refused:
        if refused.errno not in _NO_WRITES:
            raise
        raise NotReady("MRX-9007") from refused
    finally:
        os.close(held)


def draft(path: Path) -> Path:
    """The name under which a file is written before it has its own."""
    return path.with_name(f".{path.name}.draft")


def place(path: Path, data: bytes, *, mode: int) -> None:
    """Put a new file there, whole and on disk, or raise FileExistsError; never replace one.

    Call it alone in the directory.
    """
    _write(draft(path), data, mode)
    os.link(draft(path), path)
    draft(path).unlink()
    flush(path.parent)


def replace(path: Path, data: bytes, *, mode: int) -> None:
    """Have other bytes under this name: before a crash the old ones, after it the new ones.

    Call it alone in the directory.
    """
    draft(path).unlink(missing_ok=True)  # of a call that was killed
    _write(draft(path), data, mode)
    draft(path).replace(path)
    flush(path.parent)


def sweep(folder: Path) -> None:
    """Remove what processes that died have left. Call it alone in the folder."""
    for left in folder.glob(".*.draft"):
        with suppress(OSError):  # nothing can be removed there: then it does no harm either
            left.unlink()


def flush(folder: Path) -> None:
    """Have the names in a folder on disk."""
    directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _write(path: Path, data: bytes, mode: int) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(handle, mode)  # the umask may have taken some of it
            file.write(data)
            file.flush()
            os.fsync(handle)
    except BaseException:  # the disk is full: half a key is nobody's
        path.unlink()
        raise
