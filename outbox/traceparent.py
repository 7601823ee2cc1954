"""Which trace this work belongs to: W3C Trace Context, version 00.

    00-<trace, 32 hex>-<parent, 16 hex>-<flags>

It comes with a request, or begins here, and goes on with every request we send. The numbers are
random and say nothing of anybody.
"""

import re
import secrets
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final, Self

HEADER: Final = "traceparent"
_SHAPE = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?")


@dataclass(frozen=True, slots=True)
class Traceparent:
    """One step of one trace. `begun`: here, and nobody stands above it."""

    trace: str
    parent: str
    sampled: bool = True
    begun: bool = False

    @classmethod
    def begin(cls) -> Self:
        """A new trace."""
        return cls(secrets.token_hex(16), secrets.token_hex(8), begun=True)

    @classmethod
    def read(cls, text: str) -> Self | None:
        """What a caller sent; None if it is nothing that one could go on with."""
        found = _SHAPE.fullmatch(text)
        if found is None or int(found[1], 16) == 0 or int(found[2], 16) == 0:
            return None
        return cls(found[1], found[2], bool(int(found[3], 16) & 1))

    def __str__(self) -> str:
        return f"00-{self.trace}-{self.parent}-{'01' if self.sampled else '00'}"


CURRENT: ContextVar[Traceparent | None] = ContextVar("traceparent", default=None)
"""The trace of what runs here now."""


def sent() -> dict[str, str]:
    """The header of a request that we send; none while nobody works under a trace."""
    current = CURRENT.get()
    return {} if current is None else {HEADER: str(current)}
