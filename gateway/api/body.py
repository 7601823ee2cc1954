"""Bodies that are files: read in pieces, refused as soon as they are too much or too slow."""

import asyncio

from fastapi import Request
from starlette.requests import ClientDisconnect

from gateway.api import allowance
from schemas.errors import NotTrusted, Refused

BODY_SECONDS = 60  # a client that drips holds a connection no longer than this


async def file(request: Request, bytes_max: int) -> bytes:
    """The body as bytes. Raises `NotTrusted` MRX-3001 (too large) or `Refused` MRX-4012 (slow, or
    broken off).
    """
    allowance.more(request)
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for piece in request.stream():
                body += piece
                if len(body) > bytes_max:
                    raise NotTrusted("MRX-3001", limit=bytes_max)
    except (TimeoutError, ClientDisconnect):
        # Who has gone hears no answer; its death in the middle of a file is no fault of ours.
        raise Refused("MRX-4012", seconds=BODY_SECONDS) from None
    return bytes(body)
