"""Certificates: ours, for partners to pin before we use them; theirs, staged for two persons here.

And the echo, by which a partner sees that our signature and its own are believed.
"""

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from gateway import inbound, own_keys, staging
from gateway.api.context import Here
from gateway.api.partner import brought
from gateway.api.partner.identity import Partner
from gateway.api.problems import described
from outbox.house import House
from outbox.transport import MEDIA_TYPE
from partners.staged_certificates import State
from schemas import exchange
from schemas.exchange import Echo
from signing.certificate import Certificate
from signing.seal import seal

router = APIRouter()

# 64 KiB of content, and 16 KiB for what stands around it in the file (`signing.profile`).
ECHO_FILE_BYTES_MAX = (64 + 16) * 1024
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_FILE: dict[str, Any] = {"requestBody": {"required": True, "content": {MEDIA_TYPE: _BINARY}}}
_ECHO: dict[int | str, dict[str, Any]] = {
    200: {"description": "Our echo: a CMS file.", "content": {MEDIA_TYPE: _BINARY}}
}


class OurCertificate(BaseModel):
    """A certificate of ours. Pin the next one before it becomes the current one."""

    fingerprint: str = Field(description="The SHA-256 of its DER, hex.")
    state: Literal["current", "next"]
    not_before: datetime
    not_after: datetime
    pem: str


class OurCertificates(BaseModel):
    items: list[OurCertificate]
    next: None = Field(description="There is one page.")


class StagedCertificate(BaseModel):
    """Where a certificate of yours stands here."""

    fingerprint: str
    state: State


@router.get("/certificates", responses=described(401, 422, 503))
def our_certificates(here: Here, partner: Partner) -> OurCertificates:
    """List our certificates: the one we sign with now, and the next one if there is one."""
    now = datetime.now(UTC)
    signs = here.house.key.certificate
    with here.house.database.read() as tx:
        known = own_keys.every(tx)
    # Another process may have activated the next key: this one signs with its own until restarted.
    others = [
        one
        for one in known
        if one.state != "retired" and one.certificate.fingerprint != signs.fingerprint
    ]
    for one in others:
        own_keys.note_seen(here.house, partner, one, now=now)
    items = [_ours(signs, "current"), *(_ours(one.certificate, "next") for one in others)]
    return OurCertificates(items=items, next=None)


@router.post(
    "/certificates",
    status_code=202,
    openapi_extra=_FILE,
    responses=described(403, 408, 409, 413, 503),
)
async def stage_certificate(request: Request, here: Here) -> StagedCertificate:
    """Stage your next certificate: a CMS file whose content is that certificate, PEM or DER, signed
    under one that is pinned here. Two persons compare its fingerprint with you, then it is pinned.
    """
    fingerprint, state = await brought.taken(
        request,
        here,
        lambda file: staging.stage(here.house, file, now=datetime.now(UTC)),
        bytes_max=staging.REQUEST_BYTES_MAX,
    )
    return StagedCertificate(fingerprint=fingerprint, state=state)


@router.post(
    "/echo",
    openapi_extra=_FILE,
    responses=_ECHO | described(403, 408, 413, 503),
    response_class=Response,
)
async def echo(request: Request, here: Here) -> Response:
    """Send any signed file, and get our signed word that it arrived: who sent it, its SHA-256, when.

    Nothing of its content comes back: what we sign is always in our own words, or you could have us
    sign a receipt, or whatever else you wrote.
    """
    said = await brought.taken(
        request,
        here,
        lambda file: _echo(here.house, file, now=datetime.now(UTC)),
        bytes_max=ECHO_FILE_BYTES_MAX,
    )
    return Response(said, media_type=MEDIA_TYPE)


def _echo(house: House, file: bytes, *, now: datetime) -> bytes:
    partner, _ = inbound.believe(house, file, bytes_max=ECHO_FILE_BYTES_MAX, now=now)
    said = Echo(
        sender=house.programme,
        recipient=partner,
        digest=sha256(file).hexdigest(),
        at=now.replace(microsecond=0),
    )
    return seal(exchange.write_echo(said), house.key, now)


def _ours(certificate: Certificate, state: Literal["current", "next"]) -> OurCertificate:
    return OurCertificate(
        fingerprint=certificate.fingerprint,
        state=state,
        not_before=certificate.not_before,
        not_after=certificate.not_after,
        pem=certificate.pem,
    )
