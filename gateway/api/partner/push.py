"""Push: a partner brings its batches, and its receipts for ours. Each is a CMS file."""

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request, Response

from gateway import inbound
from gateway.api.context import Here
from gateway.api.partner import brought
from gateway.api.problems import described
from outbox.transport import MEDIA_TYPE

router = APIRouter(responses=described(400, 403, 404, 408, 409, 413, 422, 503))

_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    }
}
RECEIPT: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Our receipt: a CMS file.",
        "content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post("/batches", openapi_extra=_FILE, responses=RECEIPT, response_class=Response)
async def batches(request: Request, here: Here) -> Response:
    """Bring a batch: the answer is our signed receipt. The same batch again gets the same receipt."""
    bytes_max = here.settings.body_bytes_max

    def take(file: bytes) -> bytes:
        return inbound.take(here.house, file, bytes_max=bytes_max, now=datetime.now(UTC))

    receipt = await brought.taken(request, here, take, bytes_max=bytes_max)
    return Response(receipt, media_type=MEDIA_TYPE)


@router.post("/receipts", status_code=204, openapi_extra=_FILE, response_class=Response)
async def receipts(request: Request, here: Here) -> Response:
    """Bring a receipt for a batch of ours. The same receipt again changes nothing."""
    bytes_max = here.house.terms.receipt_bytes_max

    def take(file: bytes) -> None:
        inbound.take_receipt(here.house, file, bytes_max=bytes_max, now=datetime.now(UTC))

    await brought.taken(request, here, take, bytes_max=bytes_max)
    return Response(status_code=204)
