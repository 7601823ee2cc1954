"""The source door as tests of pushes use it: a small world behind it, and callers with tokens."""

import base64
import hashlib
from dataclasses import dataclass
from typing import Any

import orjson
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import Table, select

from gateway import spool
from gateway.tokens import Scope
from outbox.house import House
from schemas.tables import is_set, members
from tests.gateway.api.doors import bearer, token

NDJSON = "application/x-ndjson"
AS_OF = "2026-01-06T12:00:00Z"
GRANT = {
    "account": "10000001",
    "programme": "mx-neec",
    "event": "granted",
    "at": "2014-08-20T12:00:00Z",
    "officer": {"title": "Vice President"},
    "text_version": "neec-2014",
}


@dataclass
class Caller:
    """Somebody with a token."""

    client: TestClient
    house: House
    scopes: tuple[Scope, ...]

    def __post_init__(self) -> None:
        self.headers = bearer(token(self.house, *self.scopes))

    def __call__(self, method: str, path: str, **more: Any) -> Response:
        headers = {**self.headers, **more.pop("headers", {})}
        return self.client.request(method, f"/v1/source{path}", headers=headers, **more)

    def push(self, body: bytes, *, kind: str = "members", **more: Any) -> Response:
        """Push a body; `headers` and query parameters may be given."""
        headers = {"Content-Type": NDJSON, **more.pop("headers", {})}
        return self("POST", f"/{kind}", content=body, headers=headers, params=more)


def lines(*records: dict[str, object]) -> bytes:
    return b"".join(orjson.dumps(record) + b"\n" for record in records)


def digest(body: bytes, algorithm: str = "sha-256") -> dict[str, str]:
    """The header field that RFC 9530 has for these bytes."""
    found = hashlib.new(algorithm.replace("-", ""), body).digest()
    return {"Content-Digest": f"{algorithm}=:{base64.b64encode(found).decode()}:"}


def on_roll(house: House) -> set[str]:
    with house.database.read() as tx:
        return set(tx.scalars(select(members.c.account).where(is_set(members.c.present))))


def spooled(house: House) -> set[str]:
    return set(spool.every(house))


def rows(house: House, table: Table) -> list[Any]:
    with house.database.read() as tx:
        return list(tx.execute(select(table)))
