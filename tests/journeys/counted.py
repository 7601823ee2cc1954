"""An application served in a thread of the test, and whether it is at rest."""

import time
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send


@dataclass
class Counted:
    """An ASGI application, and how many requests are in it."""

    app: ASGIApp
    inside: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        self.inside += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self.inside -= 1

    def quiet(self) -> None:
        """Wait until no request is in it, and what it promised to bring has been brought."""
        until = time.monotonic() + 30
        while self.inside or getattr(self.app, "_errands", None):
            assert time.monotonic() < until, "the partner hangs"
            time.sleep(0.002)
