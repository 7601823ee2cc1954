"""Errors as pages: the code, what it means, what to do. Never what was sent."""

from datetime import UTC, datetime
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.exceptions import HTTPException

from gateway import log
from gateway.api import problems
from gateway.console import proving
from gateway.console.page import NotSignedIn, PasswordDue, again, frame
from gateway.console.rendering import render
from schemas.codes import CODES
from schemas.errors import MrxError, NotReady


def install(app: FastAPI) -> None:
    """Make every error of the console a page, and send whoever is not signed in to do that."""

    @app.exception_handler(NotSignedIn)
    def sign_in(request: Request, wanted: NotSignedIn) -> Response:
        root = request.scope.get("root_path", "")
        back = f"?to={quote(wanted.to)}" if request.method == "GET" else ""
        return RedirectResponse(f"{root}/login{back}", status_code=303)

    @app.exception_handler(PasswordDue)
    def choose(request: Request, _due: PasswordDue) -> Response:
        root = request.scope.get("root_path", "")
        return RedirectResponse(f"{root}/account/password", status_code=303)

    @app.exception_handler(MrxError)
    def ours(request: Request, error: MrxError) -> Response:
        if error.code == "MRX-7021":  # the form that proves it, in place of what asked for it
            log.told(code=error.code)
            page = again(request, request.app.state.context)
            to = proving.came_from(request)
            return proving.asked(page, to, refused=error, status=403)
        status = 503 if isinstance(error, NotReady) else problems.status_of(error.code)
        answer = _shown(request, status or 500, error.code, error.reason)
        answer.headers.update(problems.retry_after(error, answer.status_code))
        return answer

    @app.exception_handler(RequestValidationError)
    def invalid(request: Request, _error: RequestValidationError) -> Response:
        return _shown(request, 422, "MRX-7003", CODES["MRX-7003"].title)

    @app.exception_handler(HTTPException)
    def plain(request: Request, error: HTTPException) -> Response:
        code = {404: "MRX-7004", 405: "MRX-7005", 413: "MRX-7010"}.get(
            error.status_code, "MRX-7003"
        )
        return _shown(request, error.status_code, code, CODES[code].title)


def _shown(request: Request, status: int, code: str, reason: str) -> HTMLResponse:
    log.told(code=code)
    here = request.app.state.context
    facts = frame(request, here, datetime.now(UTC), page=None, title="That did not work")
    told = {"code": code, "reason": reason, "repair": CODES[code].repair}
    return HTMLResponse(render("failed.html", facts | told), status_code=status)
