"""Files a command is given: read whole within a limit, or written whole or not at all."""

import os
import sys
import tempfile
from pathlib import Path

from schemas.errors import BadRequest
from signing.certificate import Certificate

STDIN = STDOUT = "-"
# A little more than `Certificate.parse` takes, which then says what is wrong.
_CERTIFICATE_BYTES = 65 * 1024


def read(path: str, *, bytes_max: int) -> bytes:
    """The content of a file, or of stdin for '-'; no more than one byte over the limit is read,
    so that whoever judges the content sees that it is too large. Raises `BadRequest` MRX-5009.
    """
    try:
        if path == STDIN:
            return sys.stdin.buffer.read(bytes_max + 1)
        with Path(path).open("rb") as file:
            return file.read(bytes_max + 1)
    except OSError as error:
        raise _unreadable(error) from error


def read_certificate(path: str) -> Certificate:
    """The one certificate in a file. Raises `BadRequest` MRX-5009 or `NotTrusted` MRX-3012."""
    return Certificate.parse(read(path, bytes_max=_CERTIFICATE_BYTES))


def write(path: str, content: bytes) -> None:
    """Put the content at a path, or on stdout for '-'. Raises `BadRequest` MRX-5012.

    A file is readable for its owner alone, and appears whole or not at all: after a crash it is
    what it was before. What is no plain file (a pipe, a device) is written to as it is.
    """
    if path == STDOUT:
        sys.stdout.buffer.write(content)
        return
    place = Path(path).resolve()
    try:
        if place.exists() and not place.is_file():
            place.write_bytes(content)
            return
        _replace(place, content)
    except OSError as error:
        raise BadRequest("MRX-5012", because=error.strerror) from error


def write_new(path: str, content: bytes) -> None:
    """The same for a file that must not be there yet; raises `BadRequest` MRX-5012 if it is."""
    if path == STDOUT:
        sys.stdout.buffer.write(content)
        return
    try:
        _replace(Path(path), content, new=True)
    except OSError as error:
        raise BadRequest("MRX-5012", because=error.strerror) from error


def _replace(place: Path, content: bytes, *, new: bool = False) -> None:
    handle, draft = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(handle)
        if new:
            os.link(draft, place)  # fails where a file of that name is there
            Path(draft).unlink()
        else:
            Path(draft).replace(place)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def _unreadable(error: OSError) -> BadRequest:
    return BadRequest("MRX-5009", because=error.strerror)
