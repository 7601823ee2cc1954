"""The outermost layer of the HTTP side: whatever breaks inside, no company data gets out.

The server below would log an exception with its text and answer in its own words. Here it becomes
a problem with a code, and a log line that says where and not what. Every request has one line: the
route's template, never the path or the query, which may hold an account.
"""

import json
import logging
import re
import secrets
import time
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway import log, trace
from outbox import watch
from outbox.traceparent import CURRENT, Traceparent

logger = logging.getLogger("mrx.http")
_NAME = re.compile(rb"[A-Za-z0-9._-]{1,64}")
# Asked four times a minute by machines; written only where somebody wants every detail.
_OFTEN: Final = ("/health/", "/metrics", "/console/static")

# Where a door says nothing else: what it answers is for who asked alone, is what it says it is,
# and no page. The console says more of its own pages (`gateway.console.guard`).
_ALWAYS: Final = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Shield:
    """ASGI middleware that lets no exception through, and writes the access log."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._shielded(scope, receive, send, {})
            return
        began = time.monotonic()
        traced = CURRENT.set(_trace(scope))
        facts: log.Facts = {"request_id": _request_id(scope).decode()}
        try:
            with log.request(facts), watch.step("request", method=_method(scope)) as step:
                await self._shielded(scope, receive, send, facts)
                route = _route(scope)
                step.say(route=route, status=facts.get("status"), code=facts.get("code"))
                log.line(
                    "request",
                    logging.DEBUG if route.startswith(_OFTEN) else logging.INFO,
                    method=_method(scope),
                    route=route,
                    duration_ms=log.since(began),
                )
        finally:
            CURRENT.reset(traced)

    async def _shielded(self, scope: Scope, receive: Receive, send: Send, facts: log.Facts) -> None:
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                facts["status"] = message["status"]
                named = (b"x-request-id", facts["request_id"].encode())
                said = list(message.get("headers", []))
                present = {name.lower() for name, _ in said}
                kept = [one for one in _ALWAYS if one[0] not in present]
                message = {**message, "headers": [*said, *kept, named]}
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:  # noqa: BLE001  # the one edge of the HTTP side
            facts["code"] = "MRX-9999"
            logger.error("MRX-9999 a request failed: %s", trace.of(error))  # noqa: TRY400
            if scope["type"] == "http" and not begun:
                await _answer(watched)


def _request_id(scope: Scope) -> bytes:
    """The caller's own name for the request if it is a plain one, or one of ours. It stands in
    every answer, and in every log line that the request writes.
    """
    given = [value for name, value in scope.get("headers", ()) if name == b"x-request-id"]
    plain = len(given) == 1 and _NAME.fullmatch(given[0])
    return given[0] if plain else secrets.token_hex(8).encode()


def _trace(scope: Scope) -> Traceparent:
    """The caller's trace, or a new one."""
    given = [value for name, value in scope.get("headers", ()) if name == b"traceparent"]
    found = Traceparent.read(given[0].decode("latin-1")) if len(given) == 1 else None
    return found or Traceparent.begin()


def _method(scope: Scope) -> str:
    """The method; one that nobody knows is not repeated."""
    return str(scope["method"]) if scope["method"] in _METHODS else "OTHER"


def _route(scope: Scope) -> str:
    """The template of the route that answered, below its door; the door alone where none did."""
    root: str = scope.get("root_path", "")
    template = getattr(scope.get("route"), "path_format", "/*")
    return f"{root}{template}"


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
