"""The console: pages for people, at `/console`.

    browser --> same origin? --> signed in? --> a page (GET) shows a view of `gateway.views`
                                            --> a form (POST) calls an act of `gateway.acts`, goes on

Server-rendered; a page works without JavaScript, and without the styles that npm brings. Each page
is a module with a router, and templates whose names begin like it. Rights are judged in the acts; what
somebody may not do is hidden as well, and refused anyhow.
"""

import logging

from fastapi import Depends, FastAPI
from fastapi.staticfiles import StaticFiles

from gateway.api.context import Context
from gateway.console import (
    account,
    approvals,
    batches,
    calendar,
    exposure,
    failed,
    failures,
    inbound,
    keys,
    ledger,
    onboarding,
    overview,
    partner,
    preferences,
    proving,
    pushes,
    replays,
    retention,
    revocations,
    signing_in,
    system,
    told,
    users,
)
from gateway.console.guard import Guard, texts
from gateway.console.rendering import STATIC, STYLES

PATH = "/console"
PAGES = (
    signing_in,
    proving,
    account,
    overview,
    partner,
    calendar,
    preferences,
    batches,
    failures,
    replays,
    users,
    told,
    revocations,
    exposure,
    approvals,
    inbound,
    keys,
    ledger,
    onboarding,
    pushes,
    retention,
    system,
)

_LOG = logging.getLogger(__name__)


def build(context: Context) -> FastAPI:
    """The application to mount at `PATH`."""
    if not STYLES.exists():
        _LOG.warning("the console looks plain: `make run` brings its styles where npm is installed")
    app = FastAPI(
        title="mrx console",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        dependencies=[Depends(texts)],
    )
    app.state.context = context
    failed.install(app)
    for page in PAGES:
        app.include_router(page.router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_middleware(Guard)
    return app
