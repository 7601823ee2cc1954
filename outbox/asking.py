"""Asking a partner something: one request, and its answer or the reason why there is none.

A request is signed with our key (`signing.request`), unless its body is a sealed file: that proves
itself.
"""

import re
from datetime import datetime

from outbox import call
from outbox.call import Broken, Reply
from outbox.house import House
from outbox.transport import MEDIA_TYPE
from schemas.errors import BadRequest
from signing import request

ANSWER_BYTES_MAX = 40 << 20  # a batch file and what may stand around it

_CODE = re.compile(rb'"code":\s*"(MRX-[0-9]{4})"')


def ask(
    house: House,
    base_url: str,
    *,
    to: str,
    path: str,
    now: datetime,
    method: str = "GET",
    query: str = "",
    body: bytes | None = None,
    media_type: str | None = None,
) -> Reply:
    """Ask the gateway of the programme `to` at `base_url`, as this house.

    `path` begins with a slash; `query` is encoded and has no question mark; `body` is a sealed
    file, or what `media_type` says it is: then the request is signed too, though not the body.
    Every answer is returned, also a refusal: see `expected`. Raises `BadRequest` MRX-6001 where
    none came (they may have heard) and MRX-5010 for no address, and `NotReady` MRX-3006 if our
    certificate is over.
    """
    url = base_url.rstrip("/") + path + (f"?{query}" if query else "")
    sealed = body is not None and media_type in (None, MEDIA_TYPE)
    headers = (
        {}
        if sealed
        else request.signed(house.key, method, url, to=to, now=now, content=body or b"")
    )
    if body is not None:
        headers["Content-Type"] = media_type or MEDIA_TYPE
    try:
        with call.pool() as connections:
            return call.call(
                connections,
                method,
                url,
                headers=headers,
                content=body,
                limit=house.terms.request_deadline,
                bytes_max=ANSWER_BYTES_MAX,
            )
    except Broken as silence:
        raise BadRequest("MRX-6001", because=str(silence)) from silence


def expected(reply: Reply, *statuses: int) -> Reply:
    """The reply, if it has one of these statuses. Raises `BadRequest` MRX-5019, which names the
    status and, where it is a gateway like ours, its code.
    """
    if reply.status in statuses:
        return reply
    code = _CODE.search(reply.body[:4096])
    said = {"because": code[1].decode()} if code else {}
    raise BadRequest("MRX-5019", answered=f"HTTP {reply.status}", **said)
