"""What the tests of this room need: another program's opinion, and a watch over files and sockets."""

import ctypes
import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from schemas.document import xsd_path
from tests.tools import tool

IN_OPEN = 0x20


@pytest.fixture(scope="session")
def xmllint(tmp_path_factory: pytest.TempPathFactory) -> Callable[[bytes], bool]:
    """Ask the program a partner will run whether a document matches the exchange XSD."""
    program = tool("xmllint")
    file = tmp_path_factory.mktemp("xmllint") / "document.xml"
    command = [program, "--noout", "--nonet", "--schema", xsd_path("exchange/1.0"), file]

    def valid(document: bytes) -> bool:
        file.write_bytes(document)
        result = subprocess.run(command, capture_output=True, check=False)
        assert result.returncode in (0, 1, 3), result.stderr  # valid, no XML, not its XSD
        return result.returncode == 0

    return valid


class Bait:
    """A file and an address that nobody should touch; `taken` says whether somebody did."""

    def __init__(self, file: Path) -> None:
        self.file = file
        file.write_text("<secret>bait</secret>")
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._watch = self._libc.inotify_init1(os.O_NONBLOCK)
        assert self._libc.inotify_add_watch(self._watch, bytes(file), IN_OPEN) > 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"

    def taken(self) -> list[str]:
        """What was touched since this was last asked."""
        touched = []
        with suppress(BlockingIOError):
            os.read(self._watch, 4096)
            touched.append("file")
        with suppress(BlockingIOError):
            self._socket.accept()[0].close()
            touched.append("address")
        return touched

    def close(self) -> None:
        os.close(self._watch)
        self._socket.close()


@pytest.fixture
def bait(tmp_path: Path) -> Iterator[Bait]:
    laid = Bait(tmp_path / "bait.xml")
    yield laid
    laid.close()
