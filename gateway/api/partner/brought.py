"""A sealed file that a partner brings: read, bounded, counted, and taken in a thread.

Its signature is its credential. A file that is believed counts for the certificate it was signed
under, whatever becomes of it; one that is not counts for the address it came from (`rates`).
"""

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from gateway.api import body, rates
from gateway.api.context import Context
from schemas.errors import MrxError, NotReady, NotTrusted
from signing.open import signer_of

T = TypeVar("T")


async def taken(
    request: Request, here: Context, take: Callable[[bytes], T], *, bytes_max: int
) -> T:
    """What `take` makes of the file that is the body. Raises as it does, as `body.file` does, and
    `BadRequest` MRX-7034 or MRX-7035.
    """
    file = await body.file(request, bytes_max)
    return await run_in_threadpool(_counted, request, here, take, file)


def _counted(request: Request, here: Context, take: Callable[[bytes], T], file: bytes) -> T:
    fingerprint = claim = None
    with suppress(NotTrusted):  # what is no file of ours names nobody; `take` says so
        fingerprint = signer_of(file, bytes_max=len(file))
        claim = rates.claim("partner", fingerprint)
    here.rates.look(request, claim)
    if fingerprint is not None:
        here.rates.demand("partner", fingerprint)
    try:
        taken = take(file)
    except NotTrusted:
        here.rates.wrong(request)
        raise
    except NotReady:
        raise
    except MrxError:
        _count(here, fingerprint, claim)  # believed, and refused for what it says
        raise
    _count(here, fingerprint, claim)
    return taken


def _count(here: Context, fingerprint: str | None, claim: str | None) -> None:
    if fingerprint is not None:
        here.rates.count("partner", fingerprint, claim=claim)
