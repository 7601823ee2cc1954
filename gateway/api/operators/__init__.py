"""The operators' door: what waits for a person's decision."""

from fastapi import FastAPI

from gateway.api import door
from gateway.api.context import Context
from gateway.api.operators import certificates, inbound

PATH = "/v1/ops"


def build(context: Context | None) -> FastAPI:
    return door.build(
        context,
        title="mrx operators' door",
        description="For operators' tools. Credentials: a token with the scope `operate`.",
        path=PATH,
        routers=[inbound.router, certificates.router],
    )
