"""Which partner is calling, where the request carries no sealed file.

    Signature-Input there   the signature holds under a pinned certificate's key, its nonce fresh
    not there               the certificate that a trusted proxy saw in the TLS handshake
    neither                 nobody

Whatever is wrong is the same 401 for everyone: nobody learns whose certificate is pinned here.
"""

from base64 import b64decode
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import unquote_to_bytes

from fastapi import Depends, Request
from fastapi.security import APIKeyHeader
from starlette.concurrency import run_in_threadpool

from gateway import log
from gateway.api import peer, rates
from gateway.api.context import Context, Here
from gateway.api.parameters import unambiguous
from partners import certificates, foreign_roll, nonces
from schemas.errors import BadRequest, NotTrusted
from signing import request as signed_request
from signing.certificate import Certificate

# Beside the signature, which FastAPI describes from `_signature`.
SCHEMES: dict[str, Any] = {
    "certificate": {
        "type": "mutualTLS",
        "description": "Where agreed, in place of a signature: the pinned certificate in the TLS "
        "handshake with the proxy before this gateway.",
    }
}
_signature = APIKeyHeader(
    name="Signature",
    scheme_name="signature",
    auto_error=False,
    description="An HTTP Message Signature (RFC 9421) by the key of a pinned certificate, with "
    "Signature-Input and Date. The components and parameters are in docs/partner-interface.md.",
)
_WRONG = frozenset({"MRX-7001", "MRX-7011", "MRX-7012"})
_HEADER_CHARS_MAX = 16_384  # a certificate has at most 7 KiB of DER; in PEM, escaped, twice that


async def _caller(
    request: Request, here: Here, _signed: Annotated[Any, Depends(_signature)]
) -> str:
    now = datetime.now(UTC)
    if "signature-input" in request.headers or "signature" in request.headers:
        content = await request.body()  # a JSON body, if any: bounded, and read before us anyway
        partner = await run_in_threadpool(_counted, _by_signature, request, here, content, now)
    else:
        partner = await run_in_threadpool(_counted, _by_handshake, request, here, b"", now)
    unambiguous(request)
    return partner


# The code of the partner that is calling.
Partner = Annotated[str, Depends(_caller)]


def _counted(
    by: Callable[[Request, Context, bytes, datetime], str],
    request: Request,
    here: Context,
    content: bytes,
    now: datetime,
) -> str:
    """Who it is; a wrong credential is counted where it comes from (`rates`)."""
    try:
        return by(request, here, content, now)
    except (NotTrusted, BadRequest) as refused:
        if refused.code in _WRONG and _has_any(request, here):
            here.rates.wrong(request)
        raise


def _has_any(request: Request, here: Context) -> bool:
    """Whether it brings a credential at all: who brings none does not guess."""
    names = ("signature-input", "signature", here.settings.client_certificate_header)
    return any(name in request.headers for name in names)


def _by_signature(request: Request, here: Context, content: bytes, now: datetime) -> str:
    fields = request.headers.items()
    fingerprint = signed_request.keyid_of(fields)
    claim = rates.claim("partner", fingerprint)
    here.rates.look(request, claim)
    with here.house.database.read() as tx:
        found = certificates.get(tx, fingerprint)
    # A certificate that is not pinned here is looked at as one that is: so it takes as long.
    nonce = signed_request.verify(
        request.method,
        _as_sent(request),
        fields,
        here.house.key.certificate if found is None else Certificate.parse(found.pem.encode()),
        to=here.house.programme,
        now=now,
        content=content,
    )
    if found is None:  # then it is ours, and we call nobody here
        raise NotTrusted("MRX-7011")
    log.told(partner=found.partner)  # who is limited, too
    here.rates.demand("partner", fingerprint)
    with here.house.database.write(partner=found.partner) as tx:
        if not nonces.spend(tx, fingerprint, nonce, now=now):
            raise BadRequest("MRX-7012")
        foreign_roll.heard(tx, found.partner, now)
    # Only now: a signature that somebody else sends once more is not the partner's request.
    here.rates.count("partner", fingerprint, claim=claim)
    return found.partner


def _as_sent(request: Request) -> str:
    """Path and query exactly as they came. The host is not signed; any will do."""
    path: bytes = request.scope["raw_path"]
    query: bytes = request.scope["query_string"]
    return f"http://gateway{path.decode('latin-1')}?{query.decode('latin-1')}"


# -- the certificate of the handshake --------------------------------------------------------------


def _by_handshake(request: Request, here: Context, _content: bytes, now: datetime) -> str:
    told = request.headers.getlist(here.settings.client_certificate_header)
    if (
        len(told) != 1
        or len(told[0]) > _HEADER_CHARS_MAX
        or not peer.within(request, here.settings.proxy_addresses)
    ):
        raise BadRequest("MRX-7001")
    try:
        certificate = Certificate.parse(_bytes(told[0]))
    except (NotTrusted, ValueError) as unreadable:
        raise BadRequest("MRX-7001") from unreadable
    claim = rates.claim("partner", certificate.fingerprint)
    here.rates.look(request, claim)
    with here.house.database.read() as tx:
        found = certificates.get(tx, certificate.fingerprint)
    if found is None or not certificate.valid_at(now):
        raise BadRequest("MRX-7001")
    log.told(partner=found.partner)
    here.rates.demand("partner", certificate.fingerprint)
    here.rates.count("partner", certificate.fingerprint, claim=claim)
    with here.house.database.write(partner=found.partner) as tx:
        foreign_roll.heard(tx, found.partner, now)
    return found.partner


def _bytes(told: str) -> bytes:
    """DER of RFC 9440 (`:base64:`), or PEM with its escapes, as nginx passes it on."""
    if told.startswith(":") and told.endswith(":"):
        return b64decode(told[1:-1], validate=True)
    return unquote_to_bytes(told)
