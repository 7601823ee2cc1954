"""Seconds of a block, by the wall's clock and by this process's own processor time."""

import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self


@dataclass(slots=True)
class Stopwatch:
    """`with Stopwatch() as took: ...`, then `took.wall` and `took.cpu`."""

    wall: float = 0.0
    cpu: float = 0.0

    def __enter__(self) -> Self:
        self.wall, self.cpu = time.perf_counter(), time.process_time()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        frames: TracebackType | None,
    ) -> None:
        self.cpu = time.process_time() - self.cpu
        self.wall = time.perf_counter() - self.wall
