"""Overview: is anything stuck, and where?"""

from fastapi import APIRouter, Response

from gateway.console.page import SignedIn
from gateway.identity.roles import Right
from outbox import notices

router = APIRouter()


@router.get("/")
def overview(page: SignedIn) -> Response:
    page.demand(Right.SEE, what="the overview")
    with page.house.database.read() as tx:
        counts = notices.counts(tx, page.house, now=page.now)
    return page.show("overview.html", title="Overview", counts=counts)
