"""What every route needs: the gateway it answers for, and its settings."""

import threading
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from gateway.api.rates import Rates
from gateway.api.turned_away import TurnedAway
from gateway.settings import Settings
from outbox.house import House


@dataclass(frozen=True, slots=True)
class Context:
    house: House
    settings: Settings
    # The server was told to stop: who only waits is answered now.
    stopping: threading.Event = field(default_factory=threading.Event)
    turned_away: TurnedAway = field(default_factory=TurnedAway)
    # Idempotency keys (token, key) without an answer that the database would not give up.
    given_up: set[tuple[str, str]] = field(default_factory=set)
    rates: Rates = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rates", Rates(self.settings, self.turned_away))


async def _context(request: Request) -> Context:  # a plain one would be called in another thread
    context: Context = request.app.state.context
    return context


Here = Annotated[Context, Depends(_context)]
