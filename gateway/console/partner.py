"""One partner: how it stands, what it is told, its certificates, the way to it; pause and resume.

/partners/{p}                 lanes, what is blocked, holdings
    /agreement                exactly which four items it gets; calendar
    /certificates             theirs and ours, on one line of time
    /connection --POST /test--> the way there, step by step
    /pause, /resume           each says what will happen, then does it
"""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Response

from gateway.acts import connection, lanes, reasons
from gateway.checkup import LONGEST
from gateway.console import strips
from gateway.console.page import Page, SignedIn
from gateway.identity.roles import Right
from gateway.views import partner as view
from gateway.views import rows
from gateway.views.count import total
from gateway.views.rows import Row
from outbox.pending import TURNED_DOWN
from schemas.codes import CODES

router = APIRouter(prefix="/partners/{code}")

Code = Annotated[str, Path(pattern="^[a-z]{2}-[a-z]{1,20}$")]
Line = Annotated[str, Form(max_length=reasons.LENGTH_MAX)]


@router.get("")
def lanes_page(code: Code, page: SignedIn) -> Response:
    return _shown(page, code, "partner.html", "lanes", strips=strips)


@router.get("/agreement")
def agreement_page(code: Code, page: SignedIn) -> Response:
    return _shown(page, code, "partner_agreement.html", "agreement")


@router.get("/certificates")
def certificates_page(code: Code, page: SignedIn) -> Response:
    return _shown(page, code, "partner_certificates.html", "certificates")


@router.get("/connection")
def connection_page(code: Code, page: SignedIn) -> Response:
    return _shown(page, code, "partner_connection.html", "connection", longest=LONGEST)


@router.post("/test")
def test(code: Code, page: SignedIn) -> Response:
    connection.test(page.house, page.actor, code, clock=lambda: datetime.now(UTC))
    return page.go(f"/partners/{code}/connection", said="tested")


@router.get("/pause")
def ask_pause(code: Code, page: SignedIn) -> Response:
    row = _row(page, code)
    return page.show("partner_pause.html", title=f"Pause announcements to {code}", row=row)


@router.post("/pause")
def pause(code: Code, page: SignedIn, reason: Line = "") -> Response:
    lanes.pause(page.house, page.actor, code, reason=reason, now=page.now)
    return page.go(f"/partners/{code}", said="paused")


@router.get("/resume")
def ask_resume(code: Code, page: SignedIn) -> Response:
    row = _row(page, code)
    return page.show(
        "partner_resume.html",
        title=f"Resume announcements to {code}",
        row=row,
        codes=CODES,
        batches=-(-row.routine.announcements.n // row.routine.batch_max),
        again=total(n for cause, n in row.causes.items() if cause in TURNED_DOWN),
    )


@router.post("/resume")
def resume(code: Code, page: SignedIn, reason: Line = "") -> Response:
    resumed = lanes.resume(page.house, page.actor, code, reason=reason, now=page.now)
    return page.go(f"/partners/{code}", said="resumed-some" if resumed.left else "resumed")


def _row(page: Page, code: str) -> Row:
    page.demand(Right.SEE, what="a partner's lanes")
    with page.house.database.read() as tx:
        return rows.of(tx, page.house, code, now=page.now)


def _shown(page: Page, code: str, template: str, tab: str, **more: Any) -> Response:
    page.demand(Right.SEE, what=f"a partner's {tab}")
    with page.house.database.read() as tx:
        found = view.partner(tx, page.house, code, now=page.now)
    return page.show(
        template,
        title=f"{found.row.country}: {code}",
        partner=found,
        tab=tab,
        codes=CODES,
        **more,
    )
