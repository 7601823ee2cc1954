"""Workers that are halted in the middle of what they do."""

import threading
from concurrent.futures import Future
from types import ModuleType
from typing import Any

import pytest

from outbox import revocations
from outbox.revocations import Answer
from tests.world import ONE, World

SECONDS = 20  # more than anything here takes, on any machine


Place = tuple[ModuleType, str]


class Halt:
    """Halts the first thread that comes to a place of the code, until it may go on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, place: Place, *, behind: bool = False):
        self.there, self.go = threading.Event(), threading.Event()
        module, name = place
        plain = getattr(module, name)

        def halting(*args: Any, **named: Any) -> Any:
            first = not self.there.is_set()
            done = plain(*args, **named) if behind else None
            if first:
                self.there.set()
                assert self.go.wait(SECONDS)
            return done if behind else plain(*args, **named)

        monkeypatch.setattr(module, name, halting)


def reached(halt: Halt) -> None:
    assert halt.there.wait(SECONDS)


def waits(one: Future[Any]) -> None:
    """It has begun and cannot go on."""
    with pytest.raises(TimeoutError):
        one.result(0.5)


def answer(world: World, number: int) -> Answer:
    with world.house.database.read() as tx:
        return revocations.get(tx, number).answer


def told(world: World, name: str = ONE) -> bool:
    """Whether any file that arrived names this company."""
    return any(name.encode() in file for _, file in world.wire.journal)
