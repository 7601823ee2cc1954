"""What holds for every answer of the console, and for every form that is sent to it.

A form counts only if this console's own page sent it: browsers say so in Sec-Fetch-Site, older ones
in Origin (https://www.w3.org/TR/fetch-metadata/). The content policy lets nothing in from anywhere
else, and no script or style that stands in a page.
"""

from typing import Final

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.api import problems
from gateway.api.parameters import texts_only, unkept
from schemas.errors import BadRequest

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'"
)
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


async def texts(request: Request) -> None:
    """The dependency of every page: raises `RequestValidationError` if a text of the address or of
    the form is one that no database keeps.
    """
    texts_only(request)
    if request.scope["route"].body_field is None:
        return
    form = await request.form()  # read already, and closed by who read it
    wrong = [name for name, text in form.multi_items() if isinstance(text, str) and unkept(text)]
    if wrong:
        raise RequestValidationError(
            [{"loc": ("body", name), "type": "string_unicode"} for name in wrong]
        )


class Guard:
    """ASGI middleware: refuses forms from elsewhere (MRX-7018), and sets the security headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        keeping = _keeping(scope)  # now: what the request is handed to writes into the scope

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = POLICY
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "same-origin"
                headers["Cross-Origin-Opener-Policy"] = "same-origin"
                headers.setdefault("Cache-Control", keeping)
            await send(message)

        if scope["method"] not in _SAFE and not _from_here(Headers(scope=scope)):
            answer = problems.of(BadRequest("MRX-7018"))
            await answer(scope, receive, guarded)
            return
        await self._app(scope, receive, guarded)


def _keeping(scope: Scope) -> str:
    """What a browser may keep: no page, our own files while they are the same, npm's for a week."""
    static = f"{scope.get('root_path', '')}/static/"
    if scope["path"].startswith(f"{static}vendor/"):
        return "public, max-age=604800, immutable"
    return "no-cache" if scope["path"].startswith(static) else "no-store"


def _from_here(headers: Headers) -> bool:
    said = headers.get("sec-fetch-site")
    if said is not None:
        return said == "same-origin"
    origin = headers.get("origin", "")
    return origin.partition("://")[2] == headers.get("host", "") != ""
