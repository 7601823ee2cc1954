"""Steps of work that somebody may watch: the log, and traces where they are configured.

    with watch.step("send", partner=partner, lane=lane, batch=number) as step:
        ...
        step.say(outcome="receipt")

    request                       an HTTP request that is answered
    delivery                      one taking of a lane
      |- seal                     which batch may leave now, and its bytes
      |- send                     the bytes leave, the answer comes
      '- settle                   what the answer proves, or does not
    inbound, push                 a partner's batch, a push of the source

A step holds nothing of any company: its facts are those of `FACTS` and no others. While nobody
watches it costs a few microseconds.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from contextvars import ContextVar
from typing import Final, TypeAlias

from outbox.traceparent import CURRENT, Traceparent

FACTS: Final = frozenset(
    {
        *("partner", "lane", "batch", "issue", "bytes", "outcome", "code", "push", "kind"),
        *("records", "method", "route", "status"),
    }
)
Fact: TypeAlias = str | int | None


class Step:
    """One step while it lasts, and what is known of it."""

    __slots__ = ("facts", "name")

    def __init__(self, name: str, facts: dict[str, Fact]) -> None:
        self.name = name
        self.facts: dict[str, Fact] = {}
        self.say(**facts)

    def say(self, **facts: Fact) -> None:
        """Add what is known by now."""
        assert facts.keys() <= FACTS, "a step tells nothing of companies"
        self.facts.update(facts)


Watcher: TypeAlias = Callable[[Step], AbstractContextManager[object]]
_WATCHERS: list[Watcher] = []
_CURRENT: ContextVar[Step | None] = ContextVar("step", default=None)


@contextmanager
def step(name: str, **facts: Fact) -> Iterator[Step]:
    """Do something as a step of its own. A step that is nobody's begins a trace."""
    made = Step(name, facts)
    begun = CURRENT.set(Traceparent.begin()) if CURRENT.get() is None else None
    within = _CURRENT.set(made)
    try:
        with ExitStack() as watching:
            for watcher in _WATCHERS:
                watching.enter_context(watcher(made))
            yield made
    finally:
        _CURRENT.reset(within)
        if begun is not None:
            CURRENT.reset(begun)


def say(**facts: Fact) -> None:
    """Add to the step that is under way here, if there is one."""
    current = _CURRENT.get()
    if current is not None:
        current.say(**facts)


@contextmanager
def watched_by(watcher: Watcher) -> Iterator[None]:
    """Have every step of this process watched, while the block lasts."""
    _WATCHERS.append(watcher)
    try:
        yield
    finally:
        _WATCHERS.remove(watcher)
