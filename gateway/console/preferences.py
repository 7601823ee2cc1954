"""Settings of the person who looks: the zone of times, and whether single keys do anything.

Kept in cookies of this browser, not at the user: they say how to show things, and nothing else.
"""

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Response

from gateway.console import single_keys, zone
from gateway.console.page import SignedIn
from gateway.identity.roles import Right
from schemas.errors import BadRequest

_A_YEAR = 365 * 24 * 3600

router = APIRouter()


@router.get("/preferences")
def preferences(page: SignedIn) -> Response:
    page.demand(Right.SEE, what="the settings")
    return page.show("preferences.html", title="How pages are shown", zones=zone.zones())


@router.post("/preferences")
def change(
    page: SignedIn,
    chosen: Annotated[str, Form(max_length=64, alias="zone")],
    keys: Annotated[Literal["on", "off"], Form()] = "off",
) -> Response:
    if chosen not in zone.zones():
        raise BadRequest("MRX-7003", field="zone")
    answer = page.go("/preferences", said="shown-so")
    for name, value in ((zone.COOKIE, chosen), (single_keys.COOKIE, keys)):
        answer.set_cookie(
            name, value, max_age=_A_YEAR, secure=True, httponly=True, samesite="lax", path="/"
        )
    return answer
