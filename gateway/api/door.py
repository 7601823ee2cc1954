"""One door: an application of its own with problems for errors and its own OpenAPI description."""

import re
import threading
from collections.abc import Callable, Iterable
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from starlette.routing import compile_path

from gateway.api import problems
from gateway.api.context import Context
from gateway.api.problems import Problem
from outbox.transport import MEDIA_TYPE
from schemas.errors import BadRequest

_TOO_OFTEN: dict[str, Any] = {
    **problems.described(429)[429],
    "headers": {
        "Retry-After": {
            "description": "Seconds after which it is worth asking again.",
            "schema": {"type": "string"},
        }
    },
}


def build(
    context: Context | None,
    *,
    title: str,
    description: str,
    path: str,
    routers: Iterable[APIRouter],
    schemes: dict[str, Any] | None = None,
    challenge: str = "Bearer",
    finish: Callable[[dict[str, Any]], None] = lambda _: None,
) -> FastAPI:
    """The application to mount at `path`. `schemes` are security schemes beside FastAPI's own;
    `challenge` says to callers without credentials which would do. `finish` has the last word on
    the description.

    Without a context it answers nothing, and can be described (`gateway.api.description`).
    """
    app = FastAPI(
        title=title,
        description=description,
        version="1.0",
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=_operation_id,
        redirect_slashes=False,  # a signed request is for the address that it names
    )
    app.state.context = context
    problems.install(app, challenge=challenge)
    for router in routers:
        app.include_router(router)

    making = threading.Lock()  # it takes a second, and the first requests come all at once

    def described() -> dict[str, Any]:
        if app.openapi_schema is not None:
            return app.openapi_schema
        with making:
            if app.openapi_schema is not None:
                return app.openapi_schema
            api = get_openapi(
                title=title,
                version="1.0",
                openapi_version="3.1.0",
                description=description,
                routes=app.routes,
                servers=[{"url": path}],
            )
            _complete(api, schemes or {})
            finish(api)
            app.openapi_schema = api
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]  # FastAPI's documented way

    @app.exception_handler(405)
    def no_such_method(request: Request, _error: Exception) -> Response:
        # The router's own Allow knows only the first of the routes that share a path.
        place = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
        answer = problems.of(BadRequest("MRX-7005"))
        answer.headers["Allow"] = ", ".join(_methods(described(), place))
        return answer

    return app


def _methods(api: dict[str, Any], path: str) -> list[str]:
    """The methods of all operations whose path this is."""
    return sorted(
        method.upper()
        for template, operations in api["paths"].items()
        if compile_path(template)[0].fullmatch(path)
        for method in operations
    )


def _operation_id(route: APIRoute) -> str:
    """Method and path in words: `get_batches_next`. What clients that are generated call it."""
    words = re.findall(r"[a-z0-9]+", f"{min(route.methods or ())} {route.path_format}".lower())
    return "_".join(words)


def _complete(api: dict[str, Any], schemes: dict[str, Any]) -> None:
    """Put in what FastAPI does not know: our problems, and the partner door's security schemes."""
    components = api.setdefault("components", {})
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    parts = problem.pop("$defs", {})
    schemas = components.setdefault("schemas", {})
    # FastAPI's own answer to a bad request, which no route of ours ever gives.
    for theirs in ("HTTPValidationError", "ValidationError"):
        schemas.pop(theirs, None)
    schemas.update({"Problem": problem, **parts})
    components.setdefault("securitySchemes", {}).update(schemes)
    for operations in api["paths"].values():
        for operation in operations.values():
            _say_problem(operation["responses"])
            if "application/json" in operation.get("requestBody", {}).get("content", {}):
                # Of a body that is too slow or too large (`gateway.api.allowance`).
                for status, said in problems.described(408, 413).items():
                    operation["responses"].setdefault(str(status), said)
            # Where a credential is asked for, those beside FastAPI's own do as well.
            if "security" in operation or MEDIA_TYPE in operation.get("requestBody", {}).get(
                "content", {}
            ):
                operation["responses"].setdefault("429", _TOO_OFTEN)
            if "security" in operation:
                operation["security"] += [{name: []} for name in schemes]


def _say_problem(responses: dict[str, Any]) -> None:
    """A 422 that FastAPI described by itself is a problem like the others."""
    said = responses.get("422", {}).get("content", {}).get("application/json", {})
    if said.get("schema", {}).get("$ref", "").endswith("/HTTPValidationError"):
        responses["422"] = problems.described(422)[422]
