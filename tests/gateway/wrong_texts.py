"""Requests in which one text is such as no database keeps: a NUL, or half of a surrogate pair.

every(root, api)   from a description: each text of each operation, one at a time, all others right
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fastapi.testclient import TestClient

from gateway.api import cursor
from tests.gateway.api.doors import sample

NUL, HALF = "invented\x00", "invented\ud800"
JSON = "application/json"
CURSORS = ([NUL], [1, NUL], [1, NUL, NUL], [2**63 - 1, "1"], [1 - 2**63])

Schema = Mapping[str, Any]
Values = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request; `what` is the parameter that is wrong in it. A cursor may fit by chance."""

    method: str
    url: str
    what: str
    kind: str = ""
    body: str = ""

    def __str__(self) -> str:
        return f"{self.method} {self.url} {self.body} ({self.what})"

    def status(self, client: TestClient) -> int:
        headers = {"Content-Type": self.kind} if self.kind else {}
        content = self.body.encode()
        return client.request(self.method, self.url, content=content, headers=headers).status_code


@dataclass(frozen=True, kw_only=True)
class _Operation:
    method: str
    path: str
    told: Schema
    parts: Mapping[str, Schema]

    def asked(self) -> Iterator[Asked]:
        for one in self._parameters:
            wrong = [NUL] if self._is_text(one["schema"]) else []
            if one["name"] == "after":
                wrong += [cursor.written(*key) for key in CURSORS]
            for text in wrong:
                yield self._with({one["name"]: text}, one["name"])
        for kind, content in self.told.get("requestBody", {}).get("content", {}).items():
            whole = self._value(content["schema"])
            for name, value in whole.items():
                if not isinstance(value, str | list) or not self._is_text(
                    self._resolved(content["schema"])["properties"][name]
                ):
                    continue
                for text in (NUL, HALF) if kind == JSON else (NUL,):
                    wrong = [text] if isinstance(value, list) else text
                    yield self._with({}, name, kind, whole | {name: wrong})

    @property
    def _parameters(self) -> list[Schema]:
        return [one for one in self.told.get("parameters", ()) if one["in"] in ("path", "query")]

    def _with(
        self, given: Mapping[str, str], what: str, kind: str = "", body: Values | None = None
    ) -> Asked:
        path, query = self.path, []
        for one in self._parameters:
            name = one["name"]
            if one["in"] == "path":
                text = quote(given.get(name) or str(self._value(one["schema"], name)), safe="")
                path = path.replace(f"{{{name}}}", text)
            elif name in given or one.get("required"):
                text = given.get(name) or str(self._value(one["schema"], name))
                query.append(f"{name}={quote(text, safe='')}")
        url = f"{path}?{'&'.join(query)}" if query else path
        return Asked(
            method=self.method, url=url, what=what, kind=kind, body=_written(kind, body or {})
        )

    def _resolved(self, schema: Schema) -> Schema:
        named = schema.get("$ref", "").rpartition("/")[2]
        return self._resolved(self.parts[named]) if named else schema

    def _is_text(self, schema: Schema) -> bool:
        """Whether a value of this shape may be a text, or a list of them."""
        schema = self._resolved(schema)
        inner = [*schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else ())]
        return schema.get("type") == "string" or any(map(self._is_text, inner))

    def _value(self, schema: Schema, name: str = "") -> Any:
        """A value of this shape, as good as the shape tells."""
        schema = self._resolved(schema)
        if "anyOf" in schema:
            return self._value(schema["anyOf"][0], name)
        match schema.get("type"):
            case "object":
                inner = schema.get("properties", {}).items()
                return {field: self._value(one, field) for field, one in inner}
            case "array":
                return [self._value(schema["items"], name)]
            case "integer" | "number":
                return schema.get("minimum", 1)
            case "boolean":
                return False
        if schema.get("format") in ("date", "date-time"):
            return "2026-01-05T12:00:00Z"[: 10 if schema["format"] == "date" else None]
        try:
            return sample({"name": name, "schema": schema})
        except AssertionError:
            return schema.get("const", "invented")


def every(root: str, api: Schema) -> Iterator[Asked]:
    """Every operation of a description whose addresses begin with `root`."""
    parts = api.get("components", {}).get("schemas", {})
    for path, item in api["paths"].items():
        for method, told in item.items():
            operation = _Operation(method=method.upper(), path=root + path, told=told, parts=parts)
            yield from operation.asked()


def _written(kind: str, body: Values) -> str:
    if kind == JSON:
        return json.dumps(body)
    each = [(name, one) for name, v in body.items() for one in (v if isinstance(v, list) else [v])]
    return "&".join(f"{name}={quote(str(one), safe='')}" for name, one in each)
