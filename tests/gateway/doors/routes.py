"""Every route of the whole application, from its own table: a new one is tested without a word here.

Values that an address or a form must have come from the descriptions the routes make, or from
`SAMPLES` of `tests.gateway.api.doors`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.routing import Mount

from tests.gateway.api.doors import PARTNER, sample

SHAPES = ("1", "10000001", f"mx-neec.routine.{'0' * 16}.1.1", "a" * 32)
SAMPLES = {"code": "MRX-4008", "by": "account", "month": "2026-01"}
"""Of what the console asks for; add one where a form says 422."""
FORM = "application/x-www-form-urlencoded"

OPEN = {
    "GET /health/live": "whoever balances the load asks it, and it says the programme's name",
    "GET /health/ready": "the same; codes of what lacks",
    "GET /console/login": "where one signs in",
    "POST /console/login": "with what it is sent; `tests/gateway/identity` has wrong ones",
    "GET /console/oidc": "the way to the provider, if there is one",
    "GET /console/oidc/callback": "and back; `tests/gateway/identity` has wrong answers",
}
"""Routes that ask for no credential, each with its reason."""


@dataclass(frozen=True)
class Route:
    """One method of one address, and what a call of it needs to be looked at."""

    method: str
    path: str
    told: dict[str, Any] = field(hash=False, compare=False)
    schemas: dict[str, Any] = field(hash=False, compare=False)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def room(self) -> str:
        """The door: source, partner, ops, console; or nothing."""
        parts = self.path.split("/")
        return parts[2] if parts[1] == "v1" else parts[1] if parts[1] == "console" else ""

    def url(self) -> str:
        path, query = self.path, {}
        for one in self.told.get("parameters", []):
            if one["in"] == "path":
                there = PARTNER if "/partners/{code}" in path else _sample(one)
                path = path.replace(f"{{{one['name']}}}", quote(there, safe=""))
            elif one["in"] == "query" and one.get("required"):
                query[one["name"]] = _sample(one)
        assert "{" not in path, path
        return path + (f"?{urlencode(query)}" if query else "")

    def body(self) -> tuple[bytes, dict[str, str]]:
        """An empty body of the right kind, or a form with all it must have."""
        content = self.told.get("requestBody", {}).get("content", {})
        if not content:
            return b"", {}
        if FORM in content:
            return urlencode(self._form(content[FORM]["schema"])).encode(), {"Content-Type": FORM}
        kind = min(content)
        return b"{}" if kind == "application/json" else b"", {"Content-Type": kind}

    def _form(self, schema: dict[str, Any]) -> dict[str, str]:
        if "$ref" in schema:
            schema = self.schemas[schema["$ref"].rpartition("/")[2]]
        return {
            name: _sample({"name": name, "schema": schema["properties"][name]})
            for name in schema.get("required", ())
        }


def _sample(one: dict[str, Any]) -> str:
    if one["name"] in SAMPLES:
        return SAMPLES[one["name"]]
    try:
        return sample(one)
    except AssertionError:
        shape = one["schema"].get("pattern", "")
        return next((text for text in SHAPES if re.search(shape, text)), "1")


def routes(app: FastAPI) -> list[Route]:
    """All of them."""
    return list(_below("", app))


def _below(root: str, app: FastAPI) -> Iterator[Route]:
    api = get_openapi(title="all", version="1", routes=app.routes)
    schemas = api.get("components", {}).get("schemas", {})
    for path, item in api["paths"].items():
        for method, told in item.items():
            yield Route(method.upper(), root + path, told, schemas)
    for mounted in app.routes:
        if isinstance(mounted, Mount) and isinstance(mounted.app, FastAPI):
            yield from _below(root + mounted.path, mounted.app)
