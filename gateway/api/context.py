"""What every route needs: the gateway it answers for, and its settings."""

import threading
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from gateway.settings import Settings
from outbox.house import House


@dataclass(frozen=True, slots=True)
class Context:
    house: House
    settings: Settings
    # The server was told to stop: who only waits is answered now.
    stopping: threading.Event = field(default_factory=threading.Event)


async def _context(request: Request) -> Context:  # a plain one would be called in another thread
    context: Context = request.app.state.context
    return context


Here = Annotated[Context, Depends(_context)]
