"""Turns: a few do something slow at a time, and the others are told to try again in a moment.

Each kind of work has turns of its own, so that strangers who sign in keep nobody waiting who is in
already, and none of them takes the threads of the partners' door.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Final

from schemas.errors import BadRequest

SECONDS: Final = 0.3
"""How long somebody waits for a turn."""


class Turns:
    """So many at a time; safe to share between threads."""

    def __init__(self, at_once: int) -> None:
        self._free = BoundedSemaphore(at_once)

    @contextmanager
    def one(self) -> Iterator[None]:
        """Hold a turn. Raises `BadRequest` MRX-7032 where none is free."""
        if not self._free.acquire(timeout=SECONDS):
            raise BadRequest("MRX-7032")
        try:
            yield
        finally:
            self._free.release()
