"""The HTTP side: what partners reach, and what says whether we are well.

    POST /v1/partner/batches     a CMS file in, our receipt (a CMS file) out
    POST /v1/partner/receipts    a receipt for a batch of ours; 204
    GET  /health/live            the process turns, key and database stand
    GET  /health/ready           each thing an exchange needs, by name

Errors are RFC 9457 problems with a stable code and no company data. The one place where HTTP
meets our errors is `STATUS`.
"""

import asyncio
from datetime import UTC, datetime

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from gateway import health, inbound
from gateway.settings import Settings
from gateway.shield import Shield
from outbox.house import House
from outbox.transport import MEDIA_TYPE
from schemas.errors import (
    BadDocument,
    BadRecord,
    BadRequest,
    MrxError,
    NotReady,
    NotTrusted,
    Refused,
    Unsayable,
)

# Read top to bottom, first match wins.
STATUS: tuple[tuple[type[MrxError], int], ...] = (
    (NotTrusted, 403),
    (BadDocument, 422),
    (Refused, 409),
    (BadRequest, 404),
    (BadRecord, 422),
    (Unsayable, 409),
    (NotReady, 503),
    (MrxError, 500),
)
TOO_LARGE = frozenset({"MRX-2301", "MRX-3001"})
BODY_SECONDS = 60  # a client that drips holds a connection no longer than this


def build(house: House, settings: Settings) -> FastAPI:
    """The application of one gateway."""
    app = FastAPI(title="mrx", docs_url=None, redoc_url=None)

    @app.exception_handler(MrxError)
    def problem(_request: Request, error: MrxError) -> JSONResponse:
        status = next(code for kind, code in STATUS if isinstance(error, kind))
        status = 413 if error.code in TOO_LARGE else status
        return _problem(status, error.code, error.reason, error.repair)

    @app.post("/v1/partner/batches")
    async def batches(request: Request) -> Response:
        file = await _body(request, settings.body_bytes_max)
        receipt = await run_in_threadpool(
            inbound.take,
            house,
            file,
            bytes_max=settings.body_bytes_max,
            now=datetime.now(UTC),
        )
        return Response(receipt, media_type=MEDIA_TYPE)

    @app.post("/v1/partner/receipts", status_code=204)
    async def receipts(request: Request) -> Response:
        file = await _body(request, house.terms.receipt_bytes_max)
        await run_in_threadpool(
            inbound.take_receipt,
            house,
            file,
            bytes_max=house.terms.receipt_bytes_max,
            now=datetime.now(UTC),
        )
        return Response(status_code=204)

    @app.get("/health/live")
    def live() -> dict[str, str]:
        return {"status": "live", "home": house.programme}

    @app.get("/health/ready")
    def ready() -> JSONResponse:
        checks = health.checks(house, now=datetime.now(UTC))
        well = all(check is None for check in checks.values())
        return JSONResponse(
            {"ready": well, "checks": {name: code or "ok" for name, code in checks.items()}},
            status_code=200 if well else 503,
        )

    app.add_middleware(Shield)
    return app


async def _body(request: Request, bytes_max: int) -> bytes:
    """The body, refused as soon as it is over the limit; a client that stalls is cut off."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for piece in request.stream():
                body += piece
                if len(body) > bytes_max:
                    raise NotTrusted("MRX-3001", limit=bytes_max)
    except TimeoutError:
        raise Refused("MRX-4012", seconds=BODY_SECONDS) from None
    return bytes(body)


def _problem(status: int, code: str, title: str, detail: str) -> JSONResponse:
    return JSONResponse(
        {
            "type": f"urn:mrx:problem:{code}",
            "code": code,
            "title": title,
            "detail": detail,
            "status": status,
        },
        status_code=status,
        media_type="application/problem+json",
    )
