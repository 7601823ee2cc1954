"""Idempotency keys: a request that is repeated under its key gets its first answer again.

    no key                     the request is carried out
    new key                    carried out; the answer is kept for 7 days, byte for byte
    known key, same request    the first answer; or MRX-7008 while there is none yet
    known key, other request   MRX-7007

Problems raised on the way are not kept: what failed may be tried again under the same key, also
where a full disk kept us from taking it back (`Context.given_up`: at the next request with any key).
A process that dies leaves a key without an answer; the next request with it is carried out, and so
may find the work of the first already done. Therefore what is done under a key must itself be
harmless when done twice: the key saves the answer, not the promise (P4).

A route is written so:

    def revoke(request: Request, here: Here, caller: ..., asked: Revoke, key: Key = None) -> Response:
        return once(here, caller, request, key, asked, lambda: Revoked(...))
"""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated

import orjson
from fastapi import Header, Request, Response
from pydantic import BaseModel
from sqlalchemy import ColumnElement, Connection, and_, delete, insert, select, update

from gateway.api import problems
from gateway.api.caller import Caller
from gateway.api.context import Context
from gateway.upkeep import KEYS_KEPT_FOR
from outbox import worker_name
from schemas.errors import BadRequest
from schemas.tables import idempotency_keys as keys

# Longer than any request: after it even a process of another machine is taken for dead.
UNANSWERED_FOR = timedelta(days=1)

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[!-~]{1,200}$",
        description="A name of this request, chosen by you: its repetition gets the first answer.",
    ),
]


def once(
    here: Context,
    caller: Caller,
    request: Request,
    key: str | None,
    asked: BaseModel | bytes | None,
    act: Callable[[], BaseModel | Response],
) -> Response:
    """Carry out `act`, or give the answer of the first time.

    `asked` is the body, or a digest of it. `act` returns a model (answered with 200 as JSON) or a
    whole response with a JSON body. Raises `BadRequest` MRX-7007, MRX-7008 (both 409) and what
    `act` raises.
    """
    if key is None:
        return _response(act())
    mine = and_(keys.c.token == caller.token, keys.c.key == key)
    database, now = here.house.database, datetime.now(UTC)
    with database.write() as tx:
        back = _take_back(tx, here)
        first = _first(tx, mine, _digest(request, asked), now)
        if first is None:
            tx.execute(delete(keys).where(mine))
            tx.execute(
                insert(keys).values(
                    token=caller.token,
                    key=key,
                    request=_digest(request, asked),
                    at=now,
                    answer=worker_name.own().encode(),  # who is at it, until there is an answer
                )
            )
    here.given_up.difference_update(back)
    if first is not None:
        return first
    try:
        answer = _response(act())
        # A crash before this commit: the work is done, the key unanswered. See above.
        with database.write() as tx:
            kept = {"status": answer.status_code, "answer": bytes(answer.body)}
            tx.execute(update(keys).where(mine).values(**kept))
    except BaseException:
        here.given_up.add((caller.token, key))
        with database.write() as tx:
            back = _take_back(tx, here)
        here.given_up.difference_update(back)
        raise
    return answer


def _take_back(tx: Connection, here: Context) -> list[tuple[str, str]]:
    """Delete the keys that are to have no answer. Once it is committed they are given up no more."""
    back = list(here.given_up)
    for token, key in back:
        mine = and_(keys.c.token == token, keys.c.key == key)
        tx.execute(delete(keys).where(mine, keys.c.status.is_(None)))
    return back


def _first(
    tx: Connection, mine: ColumnElement[bool], digest: str, now: datetime
) -> Response | None:
    """The first answer; None if this is the first request, or the first one died."""
    row = tx.execute(select(keys).where(mine)).one_or_none()
    if row is None or row.at < now - KEYS_KEPT_FOR:
        return None
    if row.request != digest:
        raise BadRequest("MRX-7007")
    if row.status is None:
        if worker_name.dead(row.answer.decode()) or row.at < now - UNANSWERED_FOR:
            return None
        raise BadRequest("MRX-7008")
    media_type = "application/json" if row.status < 400 else problems.MEDIA_TYPE
    return Response(row.answer, status_code=row.status, media_type=media_type)


def _response(answer: BaseModel | Response) -> Response:
    if isinstance(answer, Response):
        return answer
    return Response(answer.model_dump_json(), media_type="application/json")


def _digest(request: Request, asked: BaseModel | bytes | None) -> str:
    body = asked.model_dump_json().encode() if isinstance(asked, BaseModel) else asked or b""
    told = [
        request.method,
        request.url.path,
        request.url.query,
        request.headers.get("content-type", ""),
        request.headers.get("content-encoding", ""),
        hashlib.sha256(body).hexdigest(),
    ]
    return hashlib.sha256(orjson.dumps(told)).hexdigest()
