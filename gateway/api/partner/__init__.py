"""The partner door: foreign customs push to us, pull from us, and ask. Their certificate is their
identity: it signs the file they bring, or the request.
"""

from fastapi import FastAPI

from gateway.api import door
from gateway.api.context import Context
from gateway.api.partner import certificates, holdings, papers, pull, push, resend, status
from gateway.api.partner.identity import SCHEMES

PATH = "/v1/partner"


def build(context: Context | None) -> FastAPI:
    return door.build(
        context,
        title="mrx partner door",
        description="For partner programmes. Read docs/partner-interface.md first.",
        path=PATH,
        routers=[
            push.router,
            pull.router,
            holdings.router,
            resend.router,
            status.router,
            papers.router,
            certificates.router,
        ],
        schemes=SCHEMES,
        challenge="Signature",
    )
