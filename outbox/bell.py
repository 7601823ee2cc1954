"""The bell of a gateway: rung after a commit that may have made a lane due.

It is for speed alone. Whoever runs the lanes waits for it and looks; a stroke that nobody heard is
made good by the next look, because the rows are the truth. Ringing twice before anyone looked is
ringing once.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Bell:
    """Safe to share between threads. It belongs to one process."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._strokes = 0

    def ring(self) -> None:
        """Wake who waits. Never blocks; to be called after the commit, never before."""
        with self._changed:
            self._strokes += 1
            self._changed.notify_all()

    @contextmanager
    def after(self) -> Iterator[None]:
        """Ring at the end of the block, which commits: `with bell.after(), database.write() as tx`."""
        yield
        self.ring()

    @property
    def strokes(self) -> int:
        """How often it was rung."""
        return self._strokes

    def wait(self, heard: int, seconds: float) -> int:
        """Wait until it has been rung more often than `heard`, at most so many seconds; return how
        often it was.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._strokes != heard, seconds)
            return self._strokes
