"""A partner's journal: every file that reached it, when, and how it was treated.

A line a file, written before the file is looked at; the storm reads it while it grows.
"""

import base64
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import orjson


@dataclass(frozen=True, slots=True)
class Line:
    at: datetime
    word: str
    file: bytes


class Journal:
    """Appends to `path`; several threads may."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._lock = threading.Lock()

    def write(self, word: str, file: bytes) -> None:
        said = {
            "at": datetime.now(UTC).isoformat(),
            "word": word,
            "file": base64.b64encode(file).decode(),
        }
        with self._lock:
            os.write(self._file, orjson.dumps(said) + b"\n")


def read(path: Path) -> list[Line]:
    """What stands in a journal; a line that is being written is left for the next time."""
    return list(_lines(path)) if path.exists() else []


def count(path: Path) -> int:
    """How many files have arrived."""
    return path.read_bytes().count(b"\n") if path.exists() else 0


def _lines(path: Path) -> Iterator[Line]:
    for text in path.read_bytes().splitlines(keepends=True):
        if text.endswith(b"\n"):
            said = orjson.loads(text)
            yield Line(
                datetime.fromisoformat(said["at"]), said["word"], base64.b64decode(said["file"])
            )
