"""The trap a child process carries: it knows every durable step, and dies at the one it is told.

The product has no hook for this. What makes something last is wrapped in the child: the commit of
a write transaction, a name made or moved, bytes put on disk, a request to a partner. Whose step it
is, the line of the product that called says (`steps`).

    before   all is done but the step itself: not committed, not named, not sent
    after    it is done, and whoever did it never heard
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import cache
from types import FrameType
from typing import Any

from schemas.database import Database
from schemas.postgresql import PostgreSQL
from schemas.sqlite import SQLiteFile
from tests.journeys.crash import points, steps

BEFORE, AFTER = "before", "after"

Event = tuple[str, str]
"""The name of a point, and which side of it."""


@dataclass
class Trap:
    """Kills this process at the `at`-th event, counted from zero; never, for -1. `told` keeps what
    was passed; with `expected` it must be what an earlier walk passed there.
    """

    at: int = -1
    expected: Event | None = None
    told: list[Event] = field(default_factory=list)
    _deep: bool = False

    def passed(self, name: str, side: str) -> None:
        if len(self.told) == self.at:
            if self.expected not in (None, (name, side)):
                raise AssertionError(f"another way: {name} {side} in place of {self.expected}")
            os.kill(os.getpid(), signal.SIGKILL)
        self.told.append((name, side))

    def set(self) -> None:
        """From now on, in this process."""
        for kind in (SQLiteFile, PostgreSQL):
            for name in ("write", "migrate"):
                setattr(kind, name, self._transaction(getattr(kind, name)))
        for name in ("open", "link", "replace", "rename", "unlink", "mkdir", "fsync"):
            setattr(os, name, self._called(getattr(os, name)))

    def sending(self, send: Callable[..., Any]) -> Callable[..., Any]:
        """What carries bytes to a partner, with a point before it and one after the answer."""
        return self._called(send)

    def _called(self, plain: Callable[..., Any]) -> Callable[..., Any]:
        def step(*words: Any, **named: Any) -> Any:
            name = _name(sys._getframe(1))
            if name is None or self._deep:
                return plain(*words, **named)
            self.passed(name, BEFORE)
            done = plain(*words, **named)
            self.passed(name, AFTER)
            return done

        return step

    def _transaction(
        self, plain: Callable[..., AbstractContextManager[Any]]
    ) -> Callable[..., AbstractContextManager[Any]]:
        def step(database: Database, **named: Any) -> AbstractContextManager[Any]:
            name = _name(sys._getframe(1))
            inner = plain(database, **named)
            return inner if name is None or self._deep else self._watched(name, inner)

        return step

    @contextmanager
    def _watched(self, name: str, inner: AbstractContextManager[Any]) -> Iterator[Any]:
        self._deep = True  # what opens another one to do this one's work
        try:
            with inner as tx:
                self._deep = False
                yield tx
                self.passed(name, BEFORE)
        finally:
            self._deep = False
        self.passed(name, AFTER)


def _name(frame: FrameType | None) -> str | None:
    """The point that is due to whoever called, if any is: the first line of the product on the way
    up, past the ways in that other steps go through.
    """
    through = False
    while frame is not None:
        file = frame.f_code.co_filename
        if file in by_file():
            step = _at(file, frame.f_lineno)
            if step is None and not through:
                return None
            if step is not None and (step.where, step.nth) not in points.WAYS_IN:
                return points.NAMES.get((step.where, step.nth))
            through = True
        frame = frame.f_back
    return None


@cache
def by_file() -> dict[str, list[steps.Step]]:
    """All durable steps, by the file they stand in."""
    found: dict[str, list[steps.Step]] = {}
    for step in steps.every():
        found.setdefault(str(step.file), []).append(step)
    return found


def _at(file: str, line: int) -> steps.Step | None:
    return next((step for step in by_file()[file] if step.first <= line <= step.last), None)
