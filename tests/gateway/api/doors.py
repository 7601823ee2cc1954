"""The three doors as tests use them: every operation there is, a small world behind, and callers.

Operations come from the doors' own descriptions, so that a new route is tested without a word here.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

import httpx2
from fastapi import FastAPI

from gateway import tokens
from gateway.api.description import DOORS, described
from gateway.app import build
from gateway.settings import Settings
from gateway.tokens import Scope
from outbox.house import House
from outbox.transport import MEDIA_TYPE
from signing import request
from signing.keys import SigningKey
from tests.world import World

PARTNER, OTHER = "mx-neec", "ca-pip"
PATHS = {"source": "/v1/source", "partner": "/v1/partner", "operators": "/v1/ops"}

# A value of each parameter that must be given, for calls that end before anybody looks at it.
# Add one for a new parameter.
SAMPLES: Mapping[str, str] = {
    "account": "10000001",
    "programme": PARTNER,
    "partner": PARTNER,
    "scheme": "MID",
    "value": "MXINVCOM123TIJ",
    "as_of": "2026-01-05T12:00:00Z",
    "name": "exchange-1.0",
    "step": "contacts",
}


@dataclass(frozen=True)
class Operation:
    """One method of one path of one door."""

    door: str
    method: str
    path: str
    told: Mapping[str, Any] = field(hash=False, compare=False)

    def __str__(self) -> str:
        return f"{self.door} {self.method} {self.path}"

    @property
    def scopes(self) -> list[str]:
        """The scopes it declares; none where it asks for no token."""
        return [scope for need in self.told.get("security", []) for scope in need.get("token", [])]

    @property
    def is_signed(self) -> bool:
        """Whether it asks for a signature over the request."""
        return any("token" not in need and need for need in self.told.get("security", []))

    @property
    def takes_a_file(self) -> bool:
        """Whether a sealed file is its body, and the credential with it."""
        return MEDIA_TYPE in self.told.get("requestBody", {}).get("content", {})

    def url(self, **values: str) -> str:
        """The address with all that must be given filled in."""
        path, query = self.path, {}
        for parameter in self.told.get("parameters", []):
            name = parameter["name"]
            if parameter["in"] == "path":
                path = path.replace(f"{{{name}}}", values.get(name) or sample(parameter))
            elif parameter["in"] == "query" and (parameter.get("required") or name in values):
                query[name] = values.get(name) or sample(parameter)
        url = httpx2.URL(f"http://testserver{PATHS[self.door]}{path}", params=query or None)
        return url.raw_path.decode("ascii")

    @property
    def content(self) -> bytes:
        """The body that `body` sends."""
        content: bytes = self.body().get("content", b"")
        return content

    def body(self) -> dict[str, Any]:
        """What a client must send for the call to be looked at: an empty body of the right kind."""
        content = self.told.get("requestBody", {}).get("content", {})
        if not content:
            return {}
        media_type = min(content)
        empty = b"{}" if media_type == "application/json" else b""
        return {"content": empty, "headers": {"Content-Type": media_type}}


@cache
def operations(*doors: str) -> tuple[Operation, ...]:
    """All operations of these doors; of every door if none is named."""
    return tuple(
        Operation(door, method.upper(), path, told)
        for door in doors or DOORS
        for path, item in json.loads(described(door))["paths"].items()
        for method, told in item.items()
    )


def sample(parameter: Mapping[str, Any]) -> str:
    """A value this parameter takes."""
    name, schema = parameter["name"], parameter["schema"]
    if name in SAMPLES:
        return SAMPLES[name]
    if "examples" in schema or "enum" in schema:
        return str((schema.get("examples") or schema["enum"])[0])
    if schema.get("type") == "integer":
        return "1"
    shape = schema.get("pattern", "")
    for text in ("1", "0" * 12, "a" * 16, "a" * 64, "routine"):
        if shape and re.search(shape, text):
            return text
    raise AssertionError(f"give {name} a value in SAMPLES")


def application(house: House) -> FastAPI:
    return build(house, Settings(home=house.folder, status_answer_seconds=0))


def token(house: House, *scopes: Scope, name: str = "invented", **facts: Any) -> str:
    """A new token of these scopes."""
    with house.database.write() as tx:
        return tokens.create(tx, name, scopes, by="test", now=datetime.now(UTC), **facts)


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def held_by(world: World, *scopes: str) -> dict[str, str]:
    """The header of a new token with these scopes."""
    return bearer(token(world.house, *map(Scope, scopes)))


def signature(
    key: SigningKey,
    method: str,
    url: str,
    *,
    to: str = "us-ctpat",
    now: datetime | None = None,
    content: bytes = b"",
) -> dict[str, str]:
    """The header fields of a signed request; `url` begins at the path, `content` is the body."""
    at = now or datetime.now(UTC)
    return request.signed(key, method, f"http://testserver{url}", to=to, now=at, content=content)
