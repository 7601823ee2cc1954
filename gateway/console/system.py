"""Does the gateway work? A line a thing it needs, and a file for whoever helps."""

import os
from typing import Final

from fastapi import APIRouter, Response

from gateway.checkup.finding import Result
from gateway.console.page import SignedIn
from gateway.identity.roles import Right
from gateway.views import system as view

router = APIRouter(prefix="/system")

WORDS: Final = {
    Result.OK: "ok",
    Result.WARNING: "look at it",
    Result.FAILED: "wrong",
    Result.SKIPPED: "not asked",
}
TONES: Final = {
    Result.OK: "good",
    Result.WARNING: "warn",
    Result.FAILED: "bad",
    Result.SKIPPED: "plain",
}


@router.get("")
def system(page: SignedIn) -> Response:
    page.demand(Right.SEE, what="the system")
    found = view.system(page.house, page.here.settings, os.environ, now=page.now)
    return page.show(
        "system.html", title="Does the gateway work?", found=found, words=WORDS, tones=TONES
    )


@router.get("/diagnostics")
def diagnostics(page: SignedIn) -> Response:
    page.demand(Right.SEE, what="the diagnostics")
    file = view.diagnostics(page.house, page.here.settings, os.environ, now=page.now)
    name = f"diagnostics-{page.now:%Y-%m-%d}.json"
    how = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(file, media_type="application/json", headers=how)
