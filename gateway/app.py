"""The HTTP side: the doors and the console, mounted, behind the shield."""

from fastapi import FastAPI

from gateway import console
from gateway.api import health, metrics, operators, partner, problems, source
from gateway.api.allowance import Allowance
from gateway.api.context import Context
from gateway.hangup import HangUp
from gateway.metrics.exporter import Exporter
from gateway.settings import Settings
from gateway.shield import Shield
from outbox.house import House


def build(house: House, settings: Settings) -> FastAPI:
    """The application of one gateway."""
    context = Context(house, settings)
    app = FastAPI(title="mrx", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.context = context
    problems.install(app)
    app.state.metrics = Exporter(house, context.turned_away.counts)
    app.include_router(health.router)
    app.include_router(metrics.router)
    for door in (source, partner, operators):
        app.mount(door.PATH, door.build(context))
    app.mount(console.PATH, console.build(context))
    app.add_middleware(Allowance)
    app.add_middleware(Shield)
    app.add_middleware(HangUp)
    return app
