"""How much a request may bring, and for how long: little, unless its route says otherwise.

FastAPI reads the body of a JSON route whole before anything of ours is asked, even whose it is. So
every body is counted on its way in; a route that takes files says so before it reads
(`more(request)`), and counts by itself.
"""

import asyncio
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BYTES_MAX = 2 << 20  # 10,000 references in each of four lists come to less
SECONDS = 60
_KEY = "mrx.allowance"


@dataclass(slots=True)
class _Allowance:
    bounded: bool = True


class Allowance:
    """ASGI middleware that ends a body that is too large (413) or too slow (408)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        allowance = scope[_KEY] = _Allowance()
        loop = asyncio.get_running_loop()
        until = loop.time() + SECONDS
        size, whole = 0, False

        async def counted() -> Message:
            nonlocal size, whole
            if whole or not allowance.bounded:
                return await receive()
            try:
                async with asyncio.timeout_at(until):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(408) from None
            size += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            if size > BYTES_MAX:
                raise HTTPException(413)
            return message

        await self._app(scope, counted, send)


def more(request: Request) -> None:
    """This route takes files: it bounds its body by itself from here on."""
    allowance: _Allowance = request.scope[_KEY]
    allowance.bounded = False
