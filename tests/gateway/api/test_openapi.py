"""The doors describe themselves: what is committed is what the routes say, and says all of it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import gateway
from gateway.api.description import DOORS, described

ROOT = Path(gateway.__file__).parents[1]
METHODS = {"get", "put", "post", "delete", "patch"}

each_door = pytest.mark.parametrize("door", DOORS)


def api(door: str) -> dict[str, Any]:
    return json.loads(described(door))


def operations() -> Iterator[Any]:
    for door in DOORS:
        for path, item in api(door)["paths"].items():
            for method, operation in item.items():
                yield pytest.param(door, operation, id=f"{door} {method} {path}")


each_operation = pytest.mark.parametrize(("door", "operation"), list(operations()))


@each_door
def test_the_committed_description_is_the_one_the_routes_make(door: str):
    committed = (ROOT / "docs/openapi" / f"{door}.json").read_bytes()

    assert committed == described(door), "run `make docs`"


@each_door
def test_it_is_openapi_3_1_of_this_door(door: str):
    description = api(door)

    assert description["openapi"] == "3.1.0"
    assert description["servers"] == [{"url": "/v1/" + door.replace("operators", "ops")}]
    names = [op["operationId"] for item in description["paths"].values() for op in item.values()]
    assert len(set(names)) == len(names)


@each_door
def test_every_reference_leads_somewhere(door: str):
    description = api(door)

    for target in re.findall(r'"\$ref": ?"#/([^"]+)"', json.dumps(description)):
        found = description
        for part in target.split("/"):
            found = found[part]


@each_door
def test_the_framework_s_own_answers_are_not_there(door: str):
    assert "HTTPValidationError" not in json.dumps(api(door))


@each_operation
def test_an_operation_says_in_a_sentence_what_it_does(door: str, operation: dict[str, Any]):
    assert operation.get("summary")
    assert operation.get("description", "").strip()[:1].isupper()


@each_operation
def test_every_error_is_a_problem(door: str, operation: dict[str, Any]):
    for status, response in operation["responses"].items():
        if int(status) >= 400:
            assert list(response["content"]) == ["application/problem+json"], status


@each_operation
def test_every_parameter_is_bounded(door: str, operation: dict[str, Any]):
    """No text, number or list of a request may be as long as the caller likes."""
    for parameter in operation.get("parameters", []):
        for schema in alternatives(parameter["schema"]):
            assert bounded(schema), (parameter["name"], schema)


def alternatives(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """A nullable parameter is described as one of two."""
    return [one for one in schema.get("anyOf", [schema]) if one.get("type") != "null"]


def bounded(schema: dict[str, Any]) -> bool:
    match schema.get("type"):
        case "boolean":
            return True
        case "string":
            told = {"maxLength", "pattern", "enum", "const", "format"} & schema.keys()
            return bool(told)
        case "integer":
            return {"maximum", "exclusiveMaximum"} & schema.keys() != set()
        case "array":
            return "maxItems" in schema and all(map(bounded, alternatives(schema["items"])))
        case _:
            return "$ref" in schema or "enum" in schema or "const" in schema


@each_operation
def test_every_body_refuses_what_it_does_not_know(door: str, operation: dict[str, Any]):
    schemas = api(door)["components"]["schemas"]
    content = operation.get("requestBody", {}).get("content", {})
    for target in re.findall(r'#/components/schemas/([^"]+)', json.dumps(content)):
        if schemas[target].get("type") == "object":
            assert schemas[target].get("additionalProperties") is False, target
