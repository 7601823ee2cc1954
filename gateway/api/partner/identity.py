"""Which partner is calling, where the request carries no signed file.

a signature over the request (RFC 9421) under a pinned certificate's key, its nonce fresh
or the certificate that a trusted proxy saw in the TLS handshake
"""

from typing import Annotated, Any

from fastapi import Depends, Request

from gateway.api.context import Here
from schemas.errors import BadRequest

SCHEMES: dict[str, Any] = {}


def _caller(_request: Request, _here: Here) -> str:
    raise BadRequest("MRX-7001")


# The code of the partner that is calling.
Partner = Annotated[str, Depends(_caller)]
