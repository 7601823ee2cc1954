"""Answers that come before their request has been read to its end.

Left to itself the server below would read on and throw away for as long as somebody sends: a body
without an end would keep its line for ever. Here the answer says that the line will be closed; who
is still sending then gets a little time to see it, and is cut off.
"""

import asyncio
from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send

LINGER_SECONDS = 2


class HangUp:
    """ASGI middleware that lets nobody send what nobody reads."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _has_body(scope):
            await self._app(scope, receive, send)
            return
        read = False

        async def reading() -> Message:
            nonlocal read
            message = await receive()
            read = not message.get("more_body", False)
            return message

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start" and not read:
                headers = [*message.get("headers", []), (b"connection", b"close")]
                message = {**message, "headers": headers}
            if message["type"] == "http.response.body" and not read:
                if message.get("more_body", False):
                    await send(message)
                    return
                # The answer leaves now; its end, with which the line closes, a little later.
                await send({**message, "more_body": True})
                await _pass_over(receive)
                message = {"type": "http.response.body", "body": b""}
            await send(message)

        await self._app(scope, reading, sending)


def _has_body(scope: Scope) -> bool:
    fields = dict(scope["headers"])
    return b"transfer-encoding" in fields or fields.get(b"content-length", b"0") != b"0"


async def _pass_over(receive: Receive) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(LINGER_SECONDS):
            while (await receive()).get("more_body", False):
                pass
