"""The source door: CBP's systems push members and consents, and ask about foreign members."""

from fastapi import FastAPI

from gateway.api import door
from gateway.api.context import Context
from gateway.api.source import (
    heartbeat,
    members,
    outcomes,
    pushed,
    pushes,
    recognised,
    revocations,
)

PATH = "/v1/source"


def build(context: Context | None) -> FastAPI:
    return door.build(
        context,
        title="mrx source door",
        description="For the systems of the home programme. Credentials: a token with scopes.",
        path=PATH,
        routers=[
            pushes.router,
            pushed.router,
            heartbeat.router,
            members.router,
            revocations.router,
            outcomes.router,
            recognised.router,
        ],
    )
