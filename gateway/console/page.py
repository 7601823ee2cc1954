"""One request to the console, of somebody who is signed in.

def overview(page: SignedIn) -> Response:
    return page.show("overview.html", title="Overview", rows=...)

def pause(page: SignedIn, partner: Partner, reason: Reason) -> Response:
    lanes.pause(page.house, page.actor, partner, reason=reason, now=page.now)
    return page.go(f"/partners/{partner}", said="paused")
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from gateway import log
from gateway.acts import permission
from gateway.api import rates
from gateway.api.context import Context, Here
from gateway.console import navigation
from gateway.console.rendering import STYLES, render
from gateway.console.said import SAID
from gateway.console.single_keys import single_keys
from gateway.console.zone import zone_of
from gateway.identity import sessions
from gateway.identity.actor import Actor
from gateway.identity.roles import Right
from gateway.identity.sessions import Session
from outbox.house import House
from schemas.errors import BadRequest, NotReady

COOKIE: Final = "__Host-mrx"


class NotSignedIn(Exception):  # no fault: the way to the sign-in page
    """Nobody is signed in; `to` is where they wanted to go."""

    def __init__(self, to: str) -> None:
        self.to = to
        super().__init__("nobody is signed in")


class PasswordDue(Exception):  # as above: the way to the page where it is chosen
    """They have only a one-time password, and change it before anything else."""


@dataclass(frozen=True, slots=True)
class Page:
    """Who asks, of which gateway, when; and how it is answered."""

    request: Request
    here: Context
    session: Session
    now: datetime

    @property
    def house(self) -> House:
        return self.here.house

    @property
    def actor(self) -> Actor:
        return self.session.user.actor

    def may(self, right: Right) -> bool:
        return self.actor.may(right)

    def demand(self, right: Right, *, what: str) -> None:
        """Refuse a page to who has not this right; the ledger keeps that they asked."""
        permission.demand(self.house, self.actor, right, act=f"look at {what}", now=self.now)

    def demand_proof(self) -> None:
        """Raise `BadRequest` MRX-7021 unless they showed only just now who they are."""
        if not self.session.fresh(self.now):
            raise BadRequest("MRX-7021")

    def show(self, template: str, *, title: str, status: int = 200, **facts: Any) -> HTMLResponse:
        """A template as the answer. `title` is the page's own, and its heading."""
        return HTMLResponse(
            render(
                template, frame(self.request, self.here, self.now, page=self, title=title) | facts
            ),
            status_code=status,
        )

    def go(self, path: str, *, said: str | None = None) -> Response:
        """After an act: on to a page of the console, which shows the sentence `said` names."""
        return RedirectResponse(_address(self.request, path, said), status_code=303)


def frame(
    request: Request, here: Context, now: datetime, *, page: Page | None, title: str
) -> dict[str, Any]:
    """What every template is given; `page` is None while nobody is signed in."""
    return {
        "title": title,
        "root": request.scope.get("root_path", ""),
        "path": request.url.path,
        "home": here.house.programme,
        "environment": here.settings.environment,
        "styled": STYLES.exists(),
        "now": now,
        "zone": zone_of(request),
        "single_keys": single_keys(request),
        "said": SAID.get(request.query_params.get("said", "")),
        "page": page,
        "navigation": [] if page is None else navigation.of(page.actor),
        "Right": Right,
    }


def _address(request: Request, path: str, said: str | None) -> str:
    root = request.scope.get("root_path", "")
    mark = "&" if "?" in path else "?"
    return f"{root}{path}" + (f"{mark}said={quote(said)}" if said else "")


def known(request: Request, here: Here) -> Page:
    """The page of somebody who is signed in, if only with a one-time password; or `NotSignedIn`.
    Raises `BadRequest` MRX-7034 and MRX-7035 for who asks, or guesses, too often (`rates`).
    """
    held = request.cookies.get(COOKIE)
    claim = rates.claim("session", held) if held else None
    if claim is not None:
        here.rates.look(request, claim)
    try:
        page = again(request, here)
    except NotSignedIn:
        if claim is not None:
            here.rates.wrong(request)
        raise
    here.rates.demand("session", page.session.user.id)
    here.rates.count("session", page.session.user.id, claim=claim)
    return page


def again(request: Request, here: Context) -> Page:
    """The same for a request that was counted already."""
    now = datetime.now(UTC)
    held = request.cookies.get(COOKIE)
    with here.house.database.read() as tx:
        session = sessions.find(tx, held, now=now)
    if session is None:
        raise NotSignedIn(
            str(request.url.path) + (f"?{request.url.query}" if request.url.query else "")
        )
    # What a page fetches by itself does not say that anybody is still there.
    if session.due(now) and "hx-request" not in request.headers:
        # A disk that is full keeps nobody from looking why.
        with suppress(NotReady), here.house.database.write() as tx:
            sessions.seen(tx, session, now=now)
    log.told(actor=session.user.name, role=" ".join(sorted(session.user.roles)))
    return Page(request, here, session, now)


AnySignedIn = Annotated[Page, Depends(known)]
"""For the few pages that somebody with a one-time password may use."""


def _signed_in(page: AnySignedIn) -> Page:
    if page.session.user.one_time:
        raise PasswordDue
    return page


SignedIn = Annotated[Page, Depends(_signed_in)]
