"""The outermost layer of the HTTP side: whatever breaks inside, no company data gets out.

The server below would log an exception with its text and answer in its own words. Here it becomes
a problem with a code, and a log line that says where and not what.
"""

import json
import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway import trace

logger = logging.getLogger("mrx.http")


class Shield:
    """ASGI middleware that lets no exception through."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:  # noqa: BLE001  # the one edge of the HTTP side
            logger.error("MRX-9999 request failed: %s", trace.of(error))  # noqa: TRY400
            if scope["type"] == "http" and not begun:
                await _answer(send)


async def _answer(send: Send) -> None:
    problem = {
        "type": "urn:mrx:problem:MRX-9999",
        "code": "MRX-9999",
        "title": "something went wrong that should not",
        "status": 500,
    }
    body = json.dumps(problem).encode()
    headers = [(b"content-type", b"application/problem+json")]
    await send({"type": "http.response.start", "status": 500, "headers": headers})
    await send({"type": "http.response.body", "body": body})
