"""Exposure: for how long could a member that had lost its benefits still have had them?"""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Response

from gateway.acts import statements
from gateway.console.page import SignedIn
from gateway.identity.roles import Right
from gateway.views import exposure as view
from outbox.transport import MEDIA_TYPE

router = APIRouter(prefix="/exposure")

MONTHS = 12
AnyMonth = f"^$|{view.MONTH}"


@router.get("")
def month(
    page: SignedIn, month: Annotated[str, Query(pattern=AnyMonth, max_length=7)] = ""
) -> Response:
    page.demand(Right.SEE, what="the exposure")
    which = view.month_of(month or None, now=page.now)
    with page.house.database.read() as tx:
        found = view.exposure(tx, which, now=page.now)
    return page.show(
        "exposure.html",
        title="How long could lost benefits still be had?",
        found=found,
        worst=max((one.minutes for one in found.partners), default=0),
        listed=max((one.monthly_minutes for one in found.partners), default=0),
        definitions=view.DEFINITIONS,
        months=_months(page.now.year, page.now.month),
    )


@router.post("/signed")
def signed(
    page: SignedIn, month: Annotated[str, Form(pattern=view.MONTH, max_length=7)]
) -> Response:
    which = view.month_of(month, now=page.now)
    made = statements.report(page.house, page.actor, which, now=page.now)
    name = f'attachment; filename="exposure-{which}.p7m"'
    return Response(made.file, media_type=MEDIA_TYPE, headers={"Content-Disposition": name})


def _months(year: int, month: int) -> list[str]:
    """The months that are offered, the newest first."""
    latest = year * 12 + month - 1
    return [f"{n // 12}-{n % 12 + 1:02}" for n in range(latest, latest - MONTHS, -1)]
