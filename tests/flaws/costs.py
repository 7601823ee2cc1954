"""What something costs, as a ratio to what is honest and of the same size."""

import time
import tracemalloc
from collections.abc import Callable
from typing import Final

SIZE: Final = 300_000
"""Bytes of most inputs that are measured: enough to tell a square from a line."""


def seconds(act: Callable[[], object]) -> float:
    """CPU seconds of one run."""
    start = time.process_time()
    act()
    return time.process_time() - start


def within(flaw: Callable[[], object], honest: Callable[[], object], ratio: float) -> None:
    """The flaw costs no more than so many times what is honest.

    Asked up to five times, both anew: a run may meet somebody else's work, and never five times the
    flaw's alone. The honest one is run twice, so that nothing of it is paid for the first time.
    """
    measured = []
    for _ in range(5):
        measured.append(seconds(flaw) / min(seconds(honest), seconds(honest)))
        if measured[-1] < ratio:
            return
    raise AssertionError(f"times an honest input: {measured}, not below {ratio}")


def most_bytes(act: Callable[[], object]) -> int:
    """The most memory of Python's own held at once."""
    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
