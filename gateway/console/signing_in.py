"""Signing in and out: with a password kept here, or at the identity provider.

    /login --password--> in                    /oidc --> the provider --> /oidc/callback --> in

The way to the provider is a link and no form: the content policy lets no form lead elsewhere.
"""

import asyncio
import time
from datetime import UTC, datetime
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool

from gateway.api import peer, rates
from gateway.api.context import Context, Here
from gateway.console import cookies
from gateway.console.page import COOKIE, AnySignedIn, Page, again, frame
from gateway.console.proving import inside
from gateway.console.rendering import render
from gateway.identity import (
    admission,
    attempt,
    device,
    provider,
    sessions,
    signing_in,
    tries,
    users,
)
from gateway.identity.provider import Provider
from schemas.errors import BadRequest

router = APIRouter()
Word = Annotated[str, Form(max_length=200)]
To = Annotated[str, Query(max_length=2000)]
REFUSED_SECONDS = 0.3
"""A refusal is answered no sooner than this."""
_REFUSED: Final = 401
ATTEMPT: Final = "__Host-mrx-attempt"


@router.get("/login")
def ask(request: Request, here: Here, to: To = "") -> Response:
    return _asked(request, here, to)


@router.post("/login")
async def sign_in(
    request: Request,
    here: Here,
    name: Word,
    password: Word,
    to: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    began = time.monotonic()
    answer = await run_in_threadpool(_signed_in, request, here, name, password, to)
    if answer.status_code == _REFUSED:
        # A wrong password of somebody is written down, one of nobody is not: nobody sees that from
        # outside. No thread waits here.
        await asyncio.sleep(began + REFUSED_SECONDS - time.monotonic())
    return answer


def _signed_in(request: Request, here: Context, name: str, password: str, to: str) -> Response:
    if here.settings.local_sign_in == "off":
        raise BadRequest("MRX-7030")
    now, home, marked = datetime.now(UTC), here.house.folder, request.cookies.get(cookies.DEVICE)
    number = device.known(home, marked, name, now=now)
    if number is None:
        here.rates.look(request, None)  # a stranger, of whom there may be many under many names
        source = tries.address(peer.source(request, here.settings.proxy_addresses))
    else:
        source = tries.browser(number)
    try:
        held = signing_in.by_password(
            here.house,
            name,
            password,
            source=source,
            now=now,
            before=request.cookies.get(COOKIE),
        )
    except BadRequest as refused:
        if number is None and refused.code == "MRX-7019":
            here.rates.wrong(request, cost=rates.SIGN_IN)
        return _asked(request, here, to, refused=refused)
    answer = cookies.hold(RedirectResponse(inside(request, to), status_code=303), held)
    return cookies.mark(answer, device.remembered(home, marked, name, now=now))


@router.get("/oidc")
def elsewhere(
    request: Request, here: Here, to: To = "", proving: Literal["yes", "no"] = "no"
) -> Response:
    there, now = _provider(here), datetime.now(UTC)
    where = inside(request, to)
    begun = attempt.begin(here.house.folder, where, proving=proving == "yes", now=now)
    answer = RedirectResponse(there.address(begun, now=now), status_code=303)
    answer.set_cookie(
        ATTEMPT,
        attempt.written(begun),
        max_age=int(attempt.LIFE.total_seconds()),
        secure=True,
        httponly=True,
        samesite="lax",
        path="/",
    )
    return answer


@router.get("/oidc/callback")
def back(
    request: Request,
    here: Here,
    state: Annotated[str, Query(max_length=200)] = "",
    code: Annotated[str, Query(max_length=4000)] = "",
    error: Annotated[str, Query(max_length=200)] = "",
    iss: Annotated[str | None, Query(max_length=1000)] = None,
) -> Response:
    there, now = _provider(here), datetime.now(UTC)
    held = request.cookies.get(ATTEMPT)
    begun = attempt.answered(here.house.folder, held, state, now=now)
    if iss is not None and iss != there.client.issuer:  # RFC 9207: another provider's answer
        raise BadRequest("MRX-7027", why="iss")
    if error or not code:
        raise BadRequest("MRX-7027", why="the provider did not let them in")
    claims = there.claims(begun, code, now=now)
    # Only now: who has nothing that the provider signed writes nothing here. If we crash behind
    # this, they sign in from the start.
    with here.house.database.write() as tx:
        fresh = attempt.spend(tx, begun, now=now)
    if not fresh:
        raise BadRequest("MRX-7027", why="it was answered already")
    answer = RedirectResponse(inside(request, begun.to), status_code=303)
    answer.delete_cookie(ATTEMPT, secure=True, httponly=True, samesite="lax", path="/")
    if begun.proving:
        _prove(again(request, here), there, str(claims["sub"]))
        return answer
    before = request.cookies.get(COOKIE)
    held = admission.admit(here.house, there.client, claims, now=now, before=before)
    return cookies.hold(answer, held)


@router.post("/logout")
def sign_out(page: AnySignedIn) -> Response:
    with page.house.database.write() as tx:
        sessions.end(tx, page.request.cookies[COOKIE])
    return cookies.drop(page.go("/login", said="signed-out"))


def _prove(page: Page, there: Provider, subject: str) -> None:
    """The provider's word counts for the session of the one it speaks of, and no other."""
    with page.house.database.write() as tx:
        meant = users.by_subject(tx, there.client.issuer, subject)
        if meant is None or meant.id != page.session.user.id:
            raise BadRequest("MRX-7027", why="sub")
        sessions.prove(tx, page.session, now=page.now)


def _provider(here: Context) -> Provider:
    found = provider.of(here.settings)
    if found is None:
        raise BadRequest("MRX-7004")
    return found


def _asked(
    request: Request, here: Context, to: str, *, refused: BadRequest | None = None
) -> HTMLResponse:
    facts = frame(request, here, datetime.now(UTC), page=None, title="Sign in")
    told = {
        "to": to,
        "refused": refused,
        "issuer": here.settings.oidc_issuer,
        "passwords": here.settings.local_sign_in == "on",
        # Browsers say where a request came from only over https, or on their own machine; and keep
        # our cookie only there.
        "plain": "sec-fetch-site" not in request.headers,
    }
    return HTMLResponse(
        render("signing_in.html", facts | told), status_code=_REFUSED if refused else 200
    )
