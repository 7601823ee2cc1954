"""Signing in and out."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from gateway.api.context import Here
from gateway.console.page import COOKIE, SignedIn, frame
from gateway.console.rendering import render
from gateway.identity import sessions, signing_in
from schemas.errors import BadRequest

router = APIRouter()
Word = Annotated[str, Form(max_length=200)]


@router.get("/login")
def ask(request: Request, here: Here, to: Annotated[str, Query(max_length=2000)] = "") -> Response:
    return _asked(request, here, to)


@router.post("/login")
def sign_in(request: Request, here: Here, name: Word, password: Word, to: Word = "") -> Response:
    now = datetime.now(UTC)
    try:
        held = signing_in.by_password(here.house, name, password, now=now)
    except BadRequest as refused:
        return _asked(request, here, to, refused=refused)
    root = request.scope.get("root_path", "")
    # Only a page of this console, whatever the form says.
    answer = RedirectResponse(to if to.startswith(f"{root}/") else f"{root}/", status_code=303)
    answer.set_cookie(COOKIE, held, secure=True, httponly=True, samesite="lax", path="/")
    return answer


@router.post("/logout")
def sign_out(page: SignedIn) -> Response:
    with page.house.database.write() as tx:
        sessions.end(tx, page.request.cookies[COOKIE])
    answer = page.go("/login", said="signed-out")
    answer.delete_cookie(COOKIE, secure=True, httponly=True, samesite="lax", path="/")
    return answer


def _asked(
    request: Request, here: Here, to: str, *, refused: BadRequest | None = None
) -> HTMLResponse:
    facts = frame(request, here, datetime.now(UTC), page=None, title="Sign in")
    told = {"to": to, "refused": refused}
    return HTMLResponse(
        render("signing_in.html", facts | told), status_code=401 if refused else 200
    )
