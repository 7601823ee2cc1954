"""Showing again who one is, before an act that asks for it (MRX-7021).

    an act's page --too long since they proved it--> this form, in its place --right--> back there

Five wrong passwords in a row end the session. The form stands in the answer that refused; what was
typed into the other form is typed again.
"""

from typing import Annotated
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from gateway.console import cookies
from gateway.console.page import Page, SignedIn
from gateway.identity import provider, sessions, signing_in
from schemas.errors import BadRequest, MrxError

router = APIRouter()
To = Annotated[str, Form(max_length=2000)]


@router.get("/prove")
def ask(page: SignedIn, to: Annotated[str, Query(max_length=2000)] = "") -> Response:
    return asked(page, to)


@router.post("/prove")
def prove(page: SignedIn, password: Annotated[str, Form(max_length=200)], to: To = "") -> Response:
    try:
        signing_in.again(page.house, page.session, password, now=page.now)
    except BadRequest as refused:
        if refused.code == "MRX-7020":
            return out(page, to)
        return asked(page, to, refused=refused, status=401)
    with page.house.database.write() as tx:
        sessions.prove(tx, page.session, now=page.now)
    return RedirectResponse(inside(page.request, to), status_code=303)


def asked(
    page: Page, to: str, *, refused: MrxError | None = None, status: int = 200
) -> HTMLResponse:
    """The form; `to` is where they go then."""
    return page.show(
        "proving.html",
        title="Show who you are",
        status=status,
        to=inside(page.request, to),
        refused=refused,
        elsewhere=page.session.user.issuer is not None and provider.of(page.here.settings),
    )


def out(page: Page, to: str = "") -> Response:
    """After five wrong passwords, which ended the session: where one signs in, and is told why. A
    new sign-in leads back to `to`.
    """
    back = f"?to={quote(inside(page.request, to))}" if to else ""
    return cookies.drop(page.go(f"/login{back}", said="proofs-wrong"))


def inside(request: Request, to: str) -> str:
    """An address if it is one of this console, else its first page: whatever a form says."""
    root = request.scope.get("root_path", "")
    fits = to.startswith(f"{root}/") and not to.startswith("//") and "\\" not in to
    return to if fits and to.isprintable() else f"{root}/"


def came_from(request: Request) -> str:
    """The page that a refused request came from: itself, or that with the form that sent it."""
    if request.method == "GET":
        return request.url.path + (f"?{request.url.query}" if request.url.query else "")
    said = urlsplit(request.headers.get("referer", ""))
    if said.netloc != request.headers.get("host"):
        return ""
    return said.path + (f"?{said.query}" if said.query else "")
