"""The input of a push: a file, perhaps compressed, or stdin; opened as often as it must be read."""

import gzip
import io
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from gateway.cli.files import STDIN
from gateway.intake.formats import format_of
from gateway.intake.lines import Source
from gateway.intake.reading import Format
from schemas.errors import BadRequest

COMPRESSED = ".gz"


class Feed:
    """An input that can be opened from its start.

    `format` is told by name or by first character; `size` is in bytes as they lie on disk, None
    for what cannot be rewound: that is opened once only.
    """

    def __init__(self, path: str, raw: BinaryIO, *, rewinds: bool, stack: ExitStack) -> None:
        self.size = raw.seek(0, io.SEEK_END) if rewinds else None
        self._path, self._raw, self._stack = path, raw, stack
        self._opened: Source | None
        self.format: Format
        self.format, self._opened = self._from_start()

    def open(self) -> Source:
        """The input from its start."""
        source = self._opened or self._from_start()[1]
        self._opened = None
        return source

    def position(self) -> int:
        """How many bytes have been taken from the disk, for a progress bar."""
        return 0 if self.size is None else self._raw.tell()

    def _from_start(self) -> tuple[Format, Source]:
        if self.size is not None:
            self._raw.seek(0)
        source: Source = self._raw
        if self._path.endswith(COMPRESSED):
            source = self._stack.enter_context(gzip.GzipFile(fileobj=self._raw, mode="rb"))
        return format_of(self._path.removesuffix(COMPRESSED), source)


@contextmanager
def feed(path: str, *, spool_in: Path | None = None) -> Iterator[Feed]:
    """The input while the block lasts. Raises `BadRequest` MRX-5009 if it cannot be read.

    With `spool_in` it can be opened more than once: what cannot be rewound (stdin, a pipe) is
    first put into a temporary file in that folder, which has no name and ends with the process.
    """
    with ExitStack() as stack:
        try:
            raw, rewinds = _raw(path, stack)
            if spool_in is not None and not rewinds:
                spool = stack.enter_context(tempfile.TemporaryFile(dir=spool_in))
                shutil.copyfileobj(raw, spool, 1 << 20)
                raw, rewinds = spool, True
            opened = Feed(path, raw, rewinds=rewinds, stack=stack)
        except OSError as error:
            raise BadRequest("MRX-5009", because=error.strerror) from error
        yield opened


def _raw(path: str, stack: ExitStack) -> tuple[BinaryIO, bool]:
    """The bytes of the input, and whether they can be rewound. Stdin may begin in mid-file."""
    if path == STDIN:
        return sys.stdin.buffer, False
    file = stack.enter_context(Path(path).open("rb"))  # noqa: SIM115  # the stack closes it
    return file, file.seekable()
