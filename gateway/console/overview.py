"""Overview: is anything stuck, and where? Alarms first, then a row a partner."""

from fastapi import APIRouter, Response

from gateway.console import strips
from gateway.console.page import SignedIn
from gateway.identity.roles import Right
from gateway.views import overview as view
from gateway.views import rows

router = APIRouter()


@router.get("/")
def overview(page: SignedIn) -> Response:
    page.demand(Right.SEE, what="the overview")
    with page.house.database.read() as tx:
        found = view.overview(tx, page.house, now=page.now)
    return page.show(
        "overview.html",
        title="Overview",
        alarms=found.alarms,
        rows=found.rows,
        strips=strips,
        days=[[row.partner, *strips.in_words(row.days)] for row in found.rows],
    )


@router.get("/partners")
def partners(page: SignedIn) -> Response:
    page.demand(Right.SEE, what="the partners")
    with page.house.database.read() as tx:
        found = rows.every(tx, page.house, now=page.now)
    return page.show("partners.html", title="Partners", rows=found)
