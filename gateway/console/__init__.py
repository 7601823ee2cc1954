"""The console: pages for people, at `/console`.

    browser --> same origin? --> signed in? --> a page (GET) shows a view of `gateway.views`
                                            --> a form (POST) calls an act of `gateway.acts`, goes on

Server-rendered; a page works without JavaScript, and without the styles that npm brings. Each page
is a module with a router, and a template of the same name. Rights are judged in the acts; what
somebody may not do is hidden as well, and refused anyhow.
"""

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from gateway.api.context import Context
from gateway.console import failed, overview, signing_in
from gateway.console.guard import Guard
from gateway.console.rendering import STATIC

PATH = "/console"
PAGES = (signing_in, overview)


def build(context: Context) -> FastAPI:
    """The application to mount at `PATH`."""
    app = FastAPI(title="mrx console", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.context = context
    failed.install(app)
    for page in PAGES:
        app.include_router(page.router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_middleware(Guard)
    return app
