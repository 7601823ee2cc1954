"""The doors' OpenAPI descriptions, as they are committed in `docs/openapi`.

Made from the routes themselves, without a gateway: `make docs` writes them, a test compares.
"""

from collections.abc import Callable, Mapping

import orjson
from fastapi import FastAPI

from gateway.api import operators, partner, source
from gateway.api.context import Context

DOORS: Mapping[str, Callable[[Context | None], FastAPI]] = {
    "source": source.build,
    "partner": partner.build,
    "operators": operators.build,
}


def described(door: str) -> bytes:
    """OpenAPI 3.1 of one door, with sorted keys, so that a change is a small difference."""
    api = DOORS[door](None).openapi()
    return orjson.dumps(
        api, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    )
