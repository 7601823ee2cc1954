"""The outermost layer of the HTTP side: whatever breaks inside, no company data gets out.

The server below would log an exception with its text and answer in its own words. Here it becomes
a problem with a code, and a log line that says where and not what.
"""

import json
import logging
import re
import secrets

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway import trace

logger = logging.getLogger("mrx.http")
_NAME = re.compile(rb"[A-Za-z0-9._-]{1,64}")


class Shield:
    """ASGI middleware that lets no exception through."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False
        named = _request_id(scope)

        async def watched(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = [*message.get("headers", []), (b"x-request-id", named)]
                message = {**message, "headers": headers}
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:  # noqa: BLE001  # the one edge of the HTTP side
            where = trace.of(error)
            logger.error("MRX-9999 request %s failed: %s", named.decode(), where)  # noqa: TRY400
            if scope["type"] == "http" and not begun:
                await _answer(watched)


def _request_id(scope: Scope) -> bytes:
    """The caller's own name for the request if it is a plain one, or one of ours. It stands in
    every answer, and in the log line of what went wrong.
    """
    given = [value for name, value in scope.get("headers", ()) if name == b"x-request-id"]
    plain = len(given) == 1 and _NAME.fullmatch(given[0])
    return given[0] if plain else secrets.token_hex(8).encode()


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
